//! The errors of `selvedge gate`.

use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use thiserror::Error;

/// An error of `selvedge gate`.
#[derive(Debug, Error, Diagnostic)]
pub(crate) enum GateError {
    /// A report cannot be written.
    #[error("cannot write {what} to {}: {error}", .path.display())]
    #[diagnostic(help("name a file in an existing folder with write permission"))]
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
    #[diagnostic(help(
        "restore it from version control, or remove it and record it again with `selvedge gate --accept`"
    ))]
    NoBaseline {
        /// The file.
        path: PathBuf,
        /// The reason.
        why: String,
    },
    /// The folder of baselines does not exist.
    #[error("the folder of baselines {} does not exist", .path.display())]
    #[diagnostic(help("`selvedge gate --accept` with the same --baseline records it"))]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A shipped scenario has no file, and so no folder for its baseline.
    #[error("the scenario `{scenario}` ships with selvedge, and has no folder for a baseline")]
    #[diagnostic(help("name a folder: --baseline DIR"))]
    ShippedScenario {
        /// The scenario.
        scenario: String,
    },
    /// The counts of different engines are not comparable.
    #[error("baselines require the engine `auto`, not `{engine}`")]
    #[diagnostic(help("remove --engine, or remove --accept and --baseline"))]
    OtherEngine {
        /// The selected engine.
        engine: &'static str,
    },
}
