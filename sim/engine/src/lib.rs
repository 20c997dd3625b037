//! A deterministic scheduler and schedule explorer: each class of schedules once.
#![deny(unsafe_code)]

mod choice;
mod coroutine;
mod event;
mod explorer;
pub mod future;
pub mod object;
mod runtime;
mod strategy;
pub mod sync;
pub mod thread;

pub use choice::{choose, opaque};
pub use event::Mode;
pub use explorer::{Bound, Class, Explorer, Report, Run, Step};
pub use runtime::{Ending, PanicReport, causal_clock, next_event, recording, step};

/// How many tasks the schedules of one exploration may have in all.
pub const MAX_TASKS: usize = 64;
