//! What is wrong with a checkpoint's file.

use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use thiserror::Error;

/// Why a checkpoint cannot be written, or cannot be gone on with.
#[derive(Debug, Error, Diagnostic)]
pub enum CheckpointError {
    /// The folder or the file cannot be read or written.
    #[error("cannot {what} the checkpoint {}: {error}", .path.display())]
    #[diagnostic(help("give `--checkpoint` a folder that can be read and written, or one that can be made"))]
    Io {
        /// `read`, `write` or `remove`.
        what: &'static str,
        /// Which file or folder.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The file is none, or not all of one.
    #[error("{} is no checkpoint that can be gone on with: {why}", .path.display())]
    #[diagnostic(help(
        "copy it anew from where it was written, or remove it: the search then begins at the beginning"
    ))]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The program that would go on with it is another.
    #[error("the checkpoint {} was written by another build of this program", .path.display())]
    #[diagnostic(help(
        "what was searched then may not be what would be searched now. Use the same executable, or remove the file: the search \
         then begins at the beginning"
    ))]
    OtherProgram {
        /// Which file.
        path: PathBuf,
    },
    /// The case has changed.
    #[error("the checkpoint {} is of the case as it was before: it has changed", .path.display())]
    #[diagnostic(help("take the change back, or remove the file: the search then begins at the beginning"))]
    OtherCase {
        /// Which file.
        path: PathBuf,
    },
}
