//! The errors of checkpoint files.

use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use thiserror::Error;

/// Why a checkpoint cannot be written or resumed.
#[derive(Debug, Error, Diagnostic)]
pub enum CheckpointError {
    /// The folder or the file cannot be read or written.
    #[error("cannot {what} the checkpoint {}: {error}", .path.display())]
    #[diagnostic(help("name a folder for `--checkpoint` that can be created, read and written"))]
    Io {
        /// `read`, `write` or `remove`.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the file system.
        error: io::Error,
    },
    /// The file is not a complete checkpoint.
    #[error("{} is not a checkpoint that can be resumed: {why}", .path.display())]
    #[diagnostic(help("copy it again from its origin, or remove it to start the search again"))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The reason.
        why: String,
    },
    /// Another executable wrote the checkpoint.
    #[error("the checkpoint {} was written by another build of this program", .path.display())]
    #[diagnostic(help(
        "its searched part may differ for this build. Use the same executable, or remove the file to start the \
         search again"
    ))]
    OtherProgram {
        /// The file.
        path: PathBuf,
    },
    /// The case has changed.
    #[error("the case has changed since the checkpoint {} was written", .path.display())]
    #[diagnostic(help("revert the change, or remove the file to start the search again"))]
    OtherCase {
        /// The file.
        path: PathBuf,
    },
}
