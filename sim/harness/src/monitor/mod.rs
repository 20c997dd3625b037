//! The oracle's rules as automata that run along with a schedule.
//!
//! The [oracle](crate::oracle) judges a class of schedules once it has run to its end, by happens-before. A search of
//! states has neither classes nor whole runs: it comes to a state by one way and goes on. So what the rules need of the
//! past is kept beside the program, and is part of the state: of each key what a read that is invoked now must not return,
//! because it is older than what an acknowledged write has made (stale) or than what a finished read has returned (inverted);
//! and of each read under way the same, as of its invocation. All orders of invocations and answers come up in the search, so
//! that "ended before it was invoked" is meant of the schedule itself. An operation is invoked with its first event and answers
//! with its last.
//!
//! # What is judged later
//!
//! A read may have returned a version whose write had begun, also one that comes to be later, or never: a write that failed
//! may still come. So there are three things that wait for what is yet to be written:
//!
//! - A read has returned what no version looks like so far. If one who had begun writes it, that is what the read has
//!   returned, and what is older is too old from then on.
//! - A read has returned what is too old. If one who had begun writes it once more, that is what the read has returned, and it
//!   has broken nothing.
//! - An operation was acknowledged, and what it writes is still on its way.
//!
//! Each waits for the operations that had begun and were not over. An operation is over when it has answered and has no
//! command on its way; then nobody waits for it any more. When all are over, all is decided.
//!
//! The two say the same of a case: `tests.rs` holds them to one another in one schedule, `tests/monitors.rs` in all.

mod digest;
mod floor;
mod name;
mod planned;
mod state;
#[cfg(test)]
mod tests;
mod undecided;
mod versions;
mod watch;

pub(crate) use planned::Planned;
pub(crate) use watch::{Noticed, Watch};
