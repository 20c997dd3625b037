//! The oracle's rules as automata that run together with a schedule.
//!
//! The [oracle](crate::oracle) judges a class of schedules after the run, by happens-before. A
//! stateful search has neither classes nor whole runs: it reaches a state by one path and
//! continues. The history that the rules need is therefore part of the state. For each key, it has
//! the contents that a read invoked now must not return, because they are older than an
//! acknowledged write's version (stale) or than a completed read's (inverted). For each read in
//! progress, it has the same as of its invocation. The search covers all orders of invocations and
//! responses, so that "completed before it was invoked" applies to the schedule itself. An
//! operation is invoked with its first event and returns with its last.
//!
//! # Delayed judgements
//!
//! A read may have returned a version of a write in progress, which may be written later or never:
//! a failed write may still arrive. So three cases depend on later writes:
//!
//! - A read has returned a content that no version has. If an operation in progress writes it, the
//!   read has returned that version, and older contents are too old from then on.
//! - A read has returned a content that is too old. If an operation in progress writes it again,
//!   the read has returned that version, and is not a violation.
//! - An operation was acknowledged while its write is in flight.
//! - An update has overwritten a write in progress unread. If that write is acknowledged, it is a
//!   lost update (`overwritten.rs`).
//!
//! Each case waits for the operations in progress. An operation has ended when it has returned and
//! has no command in flight. When all have ended, all cases are decided.
//!
//! Oracle and monitor agree on each case: `tests.rs` compares them in one schedule,
//! `tests/monitors.rs` in all.

mod digest;
mod floor;
mod name;
mod overwritten;
mod planned;
mod state;
#[cfg(test)]
mod tests;
mod undecided;
mod versions;
mod watch;

pub(crate) use planned::Planned;
pub(crate) use watch::{Noticed, Watch};
