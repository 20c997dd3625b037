//! Why an operation of a simulated cache failed.

use std::fmt;

use selvedge::remote::Outcome;

/// A simulated failure of a remote command or a load, and so of the cache operation that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Whether the command was applied, if that is known.
    pub outcome: Outcome,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("simulated failure")
    }
}

impl std::error::Error for Failure {}
