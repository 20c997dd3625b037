//! The errors of `selvedge replay`.

use miette::Diagnostic;
use selvedge_sim::scenario::Ability;
use selvedge_sim::trace::Difference;
use thiserror::Error;

/// An error of `selvedge replay`.
#[derive(Debug, Error, Diagnostic)]
pub(crate) enum ReplayError {
    /// The scenario is not found.
    #[error("{file} is a trace of the scenario `{scenario}`, which {searched}")]
    #[diagnostic(help(
        "name its file or folder after the trace; a scenario in Rust code is replayed by its own test"
    ))]
    NoScenario {
        /// The trace.
        file: String,
        /// Its scenario.
        scenario: String,
        /// Where it was not found.
        searched: &'static str,
    },
    /// The scenario has no such case.
    #[error("{file} is a trace of the case `{case}`, which the scenario `{scenario}` does not have")]
    #[diagnostic(help("the scenario has changed: record the trace again with `selvedge trace`"))]
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
    #[diagnostic(help("`--cache {is}` runs the calls and commands in the recorded order on `{is}`"))]
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
    #[diagnostic(help("name a cache that supports it, or record a trace of a case without it"))]
    Unsupported {
        /// The cache.
        name: String,
        /// The missing ability.
        ability: Ability,
    },
    /// A schedule belongs to one case.
    #[error("a schedule belongs to one case, and {selected} are selected")]
    #[diagnostic(help("name one scenario and select one case with --case; `selvedge matrix` lists them"))]
    NotOneCase {
        /// The number of selected cases.
        selected: String,
    },
    /// The code has changed since the trace was recorded.
    #[error("{file} no longer matches the code: {difference}")]
    #[diagnostic(help(
        "the code or the scenario has changed. Record the trace again, or run its calls and commands in the \
         recorded order on the current code: --cache {cache}"
    ))]
    Changed {
        /// The trace.
        file: String,
        /// The first difference.
        difference: Box<Difference>,
        /// The cache.
        cache: String,
    },
    /// The schedule is not one of the case.
    #[error("in the case `{case}` of `{scenario}`, {why}")]
    #[diagnostic(help("the steps include those that set up the tiers"))]
    Mismatch {
        /// The scenario.
        scenario: String,
        /// The case.
        case: String,
        /// The reason.
        why: String,
    },
    /// The server cannot be reached.
    #[error("cannot reach a Redis at {place}: {error}")]
    #[diagnostic(help(
        "start a server there, or give another URL: redis://127.0.0.1:6379, unix:///run/redis.sock"
    ))]
    NoServer {
        /// The URL, without a password.
        place: String,
        /// The error of the client.
        error: redis::RedisError,
    },
    /// The server failed during the run.
    #[error("the Redis at {place} failed {at}, {command}: {error}")]
    #[diagnostic(help(
        "the run has no verdict. Its keys on the server begin with `{prefix}` and expire in 10 minutes"
    ))]
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
    #[diagnostic(help("another client writes these keys, or the server evicts them: use a dedicated Redis"))]
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
