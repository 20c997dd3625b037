//! The errors of a search on many machines.

use thiserror::Error;

use crate::diagnostic::Diagnostic;

/// Why a process cannot take part in a search on many machines.
#[derive(Clone, Debug, Error)]
pub enum FleetError {
    /// The server cannot be used.
    #[error("cannot search with the Redis at {place}: {why}")]
    Server {
        /// Its URL, without a password.
        place: String,
        /// The reason.
        why: String,
        /// The remedy.
        help: &'static str,
    },
    /// The job on the server belongs to other members.
    #[error("the search of this case at {place} is in progress with another {what}")]
    Other {
        /// The URL of the server, without a password.
        place: String,
        /// `build of selvedge`, or `version of the case or of the options`.
        what: &'static str,
        /// The key of the job.
        key: String,
    },
}

impl Diagnostic for FleetError {
    fn help(&self) -> Option<String> {
        Some(match self {
            FleetError::Server { help, .. } => (*help).to_owned(),
            FleetError::Other { key, .. } => format!(
                "use the same executable, scenario and options on all machines. If no process \
                 searches it any more, delete the key {key}"
            ),
        })
    }
}
