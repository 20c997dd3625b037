//! Why a schedule could not be run again.

use miette::Diagnostic;
use selvedge_sim::scenario::Ability;
use selvedge_sim::trace::Difference;
use thiserror::Error;

/// Why a schedule could not be run again, or not to its end.
#[derive(Debug, Error, Diagnostic)]
pub(crate) enum ReplayError {
    /// Nobody knows the scenario.
    #[error("{file} is of the scenario `{scenario}`, which {searched}")]
    #[diagnostic(help(
        "name its file or folder after the trace; a scenario in Rust code is run again by its own test"
    ))]
    NoScenario {
        /// The trace.
        file: String,
        /// Its scenario.
        scenario: String,
        /// Where it is not.
        searched: &'static str,
    },
    /// The scenario has changed.
    #[error("{file} is of the case `{case}`, which the scenario `{scenario}` does not have")]
    #[diagnostic(help("the scenario has changed since: record the trace again with `selvedge trace`"))]
    NoCase {
        /// The trace.
        file: String,
        /// Its scenario.
        scenario: String,
        /// Its case.
        case: String,
    },
    /// The case has another cache now.
    #[error("{file} is of the cache `{was}`, and its case has `{is}` now")]
    #[diagnostic(help("`--cache {is}` runs the calls and commands in the recorded order on it"))]
    OtherCache {
        /// The trace.
        file: String,
        /// The cache that was recorded.
        was: String,
        /// The case's.
        is: String,
    },
    /// There is no such cache.
    #[error("`{name}` is no cache; there are {known}")]
    NoCache {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The cache would ignore a part of the case.
    #[error("the cache `{name}` does not support `{ability}`, which the case requires")]
    #[diagnostic(help("name a cache that does, or record a trace of a case without it"))]
    Unsupported {
        /// The cache.
        name: String,
        /// What it does not support.
        ability: Ability,
    },
    /// A schedule is of one case.
    #[error("a schedule is of one case, and {chosen} are chosen")]
    #[diagnostic(help("name one scenario, and choose the case with --case; `selvedge matrix` shows them"))]
    NotOneCase {
        /// How many there are, in words.
        chosen: String,
    },
    /// The code has changed since the trace was recorded.
    #[error("{file} is no longer what the code does: {difference}")]
    #[diagnostic(help(
        "the code or the scenario has changed since. Record the trace again, or run its calls and commands in the \
         recorded order on the code as it is: --cache {cache}"
    ))]
    Changed {
        /// The trace.
        file: String,
        /// The first difference.
        difference: Box<Difference>,
        /// The cache.
        cache: String,
    },
    /// A schedule that is no run of the case.
    #[error("in the case `{case}` of `{scenario}`, {why}")]
    #[diagnostic(help("steps are counted from the set-up of the tiers on"))]
    Unfit {
        /// The scenario.
        scenario: String,
        /// The case.
        case: String,
        /// Why not.
        why: String,
    },
    /// There is no server.
    #[error("cannot reach a Redis at {place}: {error}")]
    #[diagnostic(help(
        "start one there, or give the URL of one: redis://127.0.0.1:6379, unix:///run/redis.sock"
    ))]
    NoServer {
        /// Where, without a password.
        place: String,
        /// Why not.
        error: redis::RedisError,
    },
    /// The server has failed in the middle.
    #[error("the Redis at {place} failed {at}, {command}: {error}")]
    #[diagnostic(help(
        "nothing was judged. What was written there begins with `{prefix}`, and is gone in 10 minutes"
    ))]
    Failed {
        /// Where, without a password.
        place: String,
        /// At which step, in words.
        at: String,
        /// The command.
        command: String,
        /// Why.
        error: String,
        /// What its keys begin with.
        prefix: String,
    },
    /// The server holds something else than what it was told.
    #[error(
        "the Redis at {place} answered {held} to {command} at step {step}, where {expected} had been written"
    )]
    #[diagnostic(help(
        "something else writes to its keys, or it evicts them: give a Redis that nobody else uses"
    ))]
    Unlike {
        /// Where, without a password.
        place: String,
        /// The step.
        step: u32,
        /// The command.
        command: String,
        /// What it holds.
        held: String,
        /// What it should hold.
        expected: String,
    },
}
