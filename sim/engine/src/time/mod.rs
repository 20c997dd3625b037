//! Virtual time.
//!
//! Each run has a clock that starts at zero. It advances when a task wakes up from a
//! [`sleep`](crate::thread::sleep) or a timeout: to the task's deadline, unless it is already past
//! it. A sleeping task can wake up at any point of a schedule, so sleeps may end in any order: a
//! shorter sleep does not guarantee that another task has completed. Reads of the clock conflict
//! with its advances.
//!
//! A deadline counts from the latest time that the task has observed: by its own reads of the clock
//! and ends of sleeps, and by those that happen before.
//!
//! This covers every order of wakeups, timeouts and reads of the clock with the events of other
//! tasks. It does not cover the time that computation takes: the clock does not advance between two
//! wakeups, so two reads of the clock never observe the time that the code in between takes, and a
//! slow task does not delay a deadline that it has not set yet.

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
