//! The oracle's rules as automata that run along with a schedule.
//!
//! The [oracle](crate::oracle) judges a class of schedules once it has run to its end, by happens-before. A search of
//! states has neither classes nor whole runs: it comes to a state by one way and goes on. So what the rules need of the
//! past is kept beside the program, and is part of the state: of each key its versions, the newest that an acknowledged
//! write has made, the newest that a finished read has returned, and of each read under way where these two were when it
//! was invoked. All orders of invocations and answers come up in the search, so that "ended before it was invoked" is
//! meant of the schedule itself. An operation is invoked with its first event and answers with its last.
//!
//! The two say the same of a case: `tests/monitors.rs` holds them to one another.

mod ranks;
mod versions;
mod watch;

pub(crate) use watch::{Possible, Watch};
