//! The errors of checkpoint files.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::diagnostic::Diagnostic;

/// Why a checkpoint cannot be written or resumed.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// The folder or the file cannot be read or written.
    #[error("cannot {what} the checkpoint {}: {error}", .path.display())]
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
    Damaged {
        /// The file.
        path: PathBuf,
        /// The reason.
        why: String,
    },
    /// Another executable wrote the checkpoint.
    #[error("the checkpoint {} was written by another build of this program", .path.display())]
    OtherProgram {
        /// The file.
        path: PathBuf,
    },
    /// The case has changed.
    #[error("the case has changed since the checkpoint {} was written", .path.display())]
    OtherCase {
        /// The file.
        path: PathBuf,
    },
}

impl Diagnostic for CheckpointError {
    fn help(&self) -> Option<String> {
        let help = match self {
            CheckpointError::Io { .. } => {
                "name a folder for `--checkpoint` that can be created, read and written"
            }
            CheckpointError::Damaged { .. } => {
                "copy it again from its origin, or remove it to start the search again"
            }
            CheckpointError::OtherProgram { .. } => {
                "its searched part may differ for this build. Use the same executable, or \
                 remove the file to start the search again"
            }
            CheckpointError::OtherCase { .. } => {
                "revert the change, or remove the file to start the search again"
            }
        };
        Some(help.to_owned())
    }
}
