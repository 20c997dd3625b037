//! The capabilities of modes, as traits. Only this crate implements them.

use crate::search::StrategySource;

/// A mode whose executions run on the caller's OS thread. It is sealed.
///
/// [`Parallel`](crate::mode::Parallel) is no such mode: its bodies and observers are created on
/// several OS threads, so that it has other functions.
#[diagnostic::on_unimplemented(
    message = "the mode `{Self}` does not run on the caller's OS thread",
    note = "an explorer with workers (after `jobs`) has `run` and `observe`, but neither `run_each` nor `check`"
)]
pub trait SearchMode: StrategySource {}

/// A mode with more than one execution, so that it has bounds on executions and time. It is sealed.
#[diagnostic::on_unimplemented(
    message = "the mode `{Self}` has one execution, without a bound on executions or time"
)]
pub trait ManyRuns: Sealed {}

/// A mode that supports a bound on [preemptions](crate::Explorer::max_preemptions). It is sealed.
#[diagnostic::on_unimplemented(
    message = "the mode `{Self}` does not support a bound on preemptions",
    note = "use max_preemptions with Explorer::naive, stateful, random or pct. An optimal search runs one schedule for \
            many, and the others may have fewer preemptions"
)]
pub trait CountsPreemptions: SearchMode + Sized {}

/// A mode whose search can be divided among [workers](crate::Explorer::jobs). It is sealed.
#[diagnostic::on_unimplemented(
    message = "the search `{Self}` cannot be divided among workers",
    note = "use jobs with Explorer::optimal or stateful, without max_preemptions"
)]
pub trait SharesWork: SearchMode + Sized {}

/// Seals the traits of modes.
pub trait Sealed {}
