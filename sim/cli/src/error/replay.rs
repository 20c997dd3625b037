//! The errors of `selvedge replay`.

use selvedge_sim::diagnostic::Diagnostic;
use selvedge_sim::scenario::Ability;
use selvedge_sim::trace::Difference;
use thiserror::Error;

/// An error of `selvedge replay`.
#[derive(Debug, Error)]
pub(crate) enum ReplayError {
    /// The scenario is not found.
    #[error("{file} is a trace of the scenario `{scenario}`, which {searched}")]
    NoScenario {
        /// The trace.
        file: String,
        /// Its scenario.
        scenario: String,
        /// The places that do not have it, as a clause.
        searched: &'static str,
    },
    /// The scenario has no such case.
    #[error("{file} is a trace of the case `{case}`, which the scenario `{scenario}` does not have")]
    NoCase {
        /// The trace.
        file: String,
        /// Its scenario.
        scenario: String,
        /// Its case.
        case: String,
    },
    /// The case names another cache than the trace.
    #[error("{file} is a trace of the cache `{was}`, but its case now has `{is}`")]
    OtherCache {
        /// The trace.
        file: String,
        /// The cache of the trace.
        was: String,
        /// The cache of the case.
        is: String,
    },
    /// There is no such cache.
    #[error("there is no cache `{name}`; the caches are {known}")]
    NoCache {
        /// The given name.
        name: String,
        /// The names of the caches.
        known: String,
    },
    /// The cache does not support a part of the case.
    #[error("the cache `{name}` does not support `{ability}`, which the case requires")]
    Unsupported {
        /// The cache.
        name: String,
        /// The missing ability.
        ability: Ability,
    },
    /// More or less than one case is selected for a schedule.
    #[error("a schedule belongs to one case, and {selected} are selected")]
    NotOneCase {
        /// The number of selected cases.
        selected: String,
    },
    /// The code has changed since the trace was recorded.
    #[error("{file} no longer matches the code: {difference}")]
    Changed {
        /// The trace.
        file: String,
        /// The first difference.
        difference: Box<Difference>,
        /// The cache.
        cache: String,
    },
    /// The case does not have the schedule.
    #[error("in the case `{case}` of `{scenario}`, {why}")]
    Mismatch {
        /// The scenario.
        scenario: String,
        /// The case.
        case: String,
        /// The reason.
        why: String,
    },
    /// The server cannot be reached.
    #[cfg(feature = "redis")]
    #[error("cannot reach a Redis at {place}: {error}")]
    NoServer {
        /// The URL, without a password.
        place: String,
        /// The error of the client.
        error: redis::RedisError,
    },
    /// The server failed during the run.
    #[error("the Redis at {place} failed {at}, {command}: {error}")]
    Failed {
        /// The URL, without a password.
        place: String,
        /// The step, in words.
        at: String,
        /// The command.
        command: String,
        /// The error.
        error: String,
        /// The prefix of its keys.
        prefix: String,
    },
    /// The server returned another value than the one written.
    #[error(
        "the Redis at {place} replied {held} to {command} at step {step}, but {expected} had been written"
    )]
    WrongReply {
        /// The URL, without a password.
        place: String,
        /// The step.
        step: u32,
        /// The command.
        command: String,
        /// The value that it returned.
        held: String,
        /// The value that was written.
        expected: String,
    },
}

impl Diagnostic for ReplayError {
    fn help(&self) -> Option<String> {
        let help = match self {
            ReplayError::NoScenario { .. } => {
                "name its file or folder after the trace; a scenario in Rust code is replayed \
                 by its own test"
            }
            ReplayError::NoCase { .. } => {
                "the scenario has changed: record the trace again with `selvedge trace`"
            }
            ReplayError::OtherCache { is, .. } => {
                return Some(format!(
                    "`--cache {is}` runs the calls and commands in the recorded order on `{is}`"
                ));
            }
            ReplayError::Unsupported { .. } => {
                "name a cache that supports it, or record a trace of a case without it"
            }
            ReplayError::NotOneCase { .. } => {
                "name one scenario and select one case with --case; `selvedge matrix` lists \
                 them"
            }
            ReplayError::Changed { cache, .. } => {
                return Some(format!(
                    "the code or the scenario has changed. Record the trace again, or run its calls \
                 and commands in the recorded order on the current code: --cache {cache}"
                ));
            }
            ReplayError::Mismatch { .. } => "the step number also counts the steps that set up the tiers",
            #[cfg(feature = "redis")]
            ReplayError::NoServer { .. } => {
                "start a server there, or give another URL: redis://127.0.0.1:6379, \
                 unix:///run/redis.sock"
            }
            ReplayError::Failed { prefix, .. } => {
                return Some(format!(
                    "the run has no verdict. Its keys on the server begin with `{prefix}` and \
                 expire in 10 minutes"
                ));
            }
            ReplayError::WrongReply { .. } => {
                "another client writes these keys, or the server evicts them: use a dedicated \
                 Redis"
            }
            _ => return None,
        };
        Some(help.to_owned())
    }
}
