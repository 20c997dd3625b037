//! The running program: its tasks, what they have announced, and the events so far.

mod execution;
mod handle;
mod panics;
mod record;
mod registry;
mod sometimes;
mod task;
mod trail;

pub use execution::{Ending, causal_clock, next_event, recording, step};
pub(crate) use execution::{
    Execution, Granted, abandoning, catch_up, choose, current_task, exploring, finish_panicked, join, opaque,
    run, sometimes, spawn, spurious_wakeups,
};
pub(crate) use handle::Handle;
pub use panics::PanicReport;
pub(crate) use panics::{Quiet, describe_payload};
pub(crate) use record::Switch;
pub(crate) use registry::Registry;
pub(crate) use trail::{Tracking, Trail};
