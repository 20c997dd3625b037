//! Virtual time.
//!
//! Each run has a clock, which begins at zero. It moves when a task wakes up from a [`sleep`](crate::thread::sleep) or a
//! timeout: to the task's deadline, if it is not past it already. A sleeper can wake up at any point of a schedule,
//! whatever other tasks have still to do, so that sleeps may end in any order: a shorter one is no promise that
//! somebody else is done by then. What reads the clock in between conflicts with it.
//!
//! A deadline counts from the latest time that the task can know of: its own last look at the clock or end of a sleep, and
//! those of all that happens before.
//!
//! What this covers: every order of wake-ups, timeouts and looks at the clock, with all that other tasks do.
//! What it does not: time does not pass by computing. Between two wake-ups the clock stands still, so that no two looks
//! at it find the time that the code in between takes, and a task is never so slow that a deadline of its own which it has
//! not set yet moves on.

mod instant;
mod sleep;
mod timeout;
mod timers;

pub use instant::Instant;
pub(crate) use instant::deadline;
pub use sleep::{Sleep, sleep};
pub use std::time::Duration;
pub use timeout::{Elapsed, timeout};
pub(crate) use timers::{earliest, fire};
