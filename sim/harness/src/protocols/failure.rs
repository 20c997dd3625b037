//! Why an operation of a simulated cache failed.

use std::fmt;

use selvedge::remote::Outcome;

/// Why a command of the simulated remote tier failed, or a load; and so the operation of a cache that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What became of the command.
    pub outcome: Outcome,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it failed, as the case has it")
    }
}

impl std::error::Error for Failure {}
