//! The errors of `selvedge gate`.

use std::io;
use std::path::PathBuf;

use selvedge_sim::diagnostic::Diagnostic;
use thiserror::Error;

/// An error of `selvedge gate`.
#[derive(Debug, Error)]
pub(crate) enum GateError {
    /// A report cannot be written.
    #[error("cannot write {what} to {}: {error}", .path.display())]
    Unwritable {
        /// The report.
        what: &'static str,
        /// Its file.
        path: PathBuf,
        /// The error of the file system.
        error: io::Error,
    },
    /// A baseline cannot be read, written or removed.
    #[error("cannot {what} the baseline {}: {error}", .path.display())]
    Baseline {
        /// `read`, `write` or `remove`.
        what: &'static str,
        /// Its file.
        path: PathBuf,
        /// The error of the file system.
        error: io::Error,
    },
    /// A file in the folder of baselines is not one.
    #[error("{} is not a baseline: {why}", .path.display())]
    NoBaseline {
        /// The file.
        path: PathBuf,
        /// The reason.
        why: String,
    },
    /// The folder of baselines does not exist.
    #[error("the folder of baselines {} does not exist", .path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A shipped scenario has no file, and so no folder for its baseline.
    #[error("the scenario `{scenario}` ships with selvedge, and has no folder for a baseline")]
    ShippedScenario {
        /// The scenario.
        scenario: String,
    },
    /// The counts of different engines are not comparable.
    #[error("baselines require the engine `auto`, not `{engine}`")]
    OtherEngine {
        /// The selected engine.
        engine: &'static str,
    },
}

impl Diagnostic for GateError {
    fn help(&self) -> Option<String> {
        let help = match self {
            GateError::Unwritable { .. } => "name a file in an existing folder with write permission",
            GateError::NoBaseline { .. } => {
                "restore it from version control, or remove it and record it again with \
                 `selvedge gate --accept`"
            }
            GateError::NoFolder { .. } => "`selvedge gate --accept` with the same --baseline records it",
            GateError::ShippedScenario { .. } => "name a folder: --baseline DIR",
            GateError::OtherEngine { .. } => "remove --engine, or remove --accept and --baseline",
            _ => return None,
        };
        Some(help.to_owned())
    }
}
