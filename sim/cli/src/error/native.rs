//! The errors of `selvedge test` before any test runs.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why no test could be run.
#[derive(Debug, Error)]
pub(crate) enum NativeError {
    /// cargo could not be started.
    #[error("cannot run cargo: {0}. Install Rust, or set CARGO to the path of cargo")]
    Cargo(io::Error),
    /// cargo failed; it has printed the reason.
    #[error("cargo {what} failed: see above")]
    Failed {
        /// The command.
        what: &'static str,
    },
    /// The output of cargo is not the expected JSON.
    #[error("cargo {what} has an unexpected output: {error}")]
    Answer {
        /// The command.
        what: &'static str,
        /// The reason.
        error: String,
    },
    /// The package does not depend on `selvedge-native`.
    #[error(
        "no package here depends on selvedge-native, so no test explores anything. Add it: \
         cargo add --dev selvedge-native --path SELVEDGE/sim/native"
    )]
    NotUsed,
    /// The runtime's source is missing.
    #[error("the runtime is not at {0}: depend on selvedge-native by the path of a checkout of Selvedge")]
    NoRuntime(PathBuf),
    /// The platform is not supported.
    #[error("native mode supports Linux on x86-64, not {0}")]
    Platform(String),
    /// A test binary could not be run.
    #[error("cannot run {0}: {1}")]
    Binary(PathBuf, io::Error),
    /// The JUnit file could not be written.
    #[error("cannot write {0}: {1}")]
    Write(PathBuf, io::Error),
}
