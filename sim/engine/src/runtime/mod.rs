//! The running program: its tasks, what they have announced, and the events so far.

mod condition;
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
    Execution, Granted, MAX_SPINS, Wake, abandoning, await_until, catch_up, choose, current, current_name,
    current_task, exploring, finish_panicked, has_ended, join, known_time, opaque, owing, run, send_wakes,
    set_unseen, sometimes, spawn, spin, spurious_wakeups, take_panic,
};
pub(crate) use handle::Handle;
pub use panics::PanicReport;
pub(crate) use panics::{Quiet, describe_payload, may_be_resumed};
pub(crate) use record::Switch;
pub(crate) use registry::Registry;
pub(crate) use trail::{FEW, Tracking, Trail};
