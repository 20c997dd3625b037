//! The running program: its tasks, their announced operations, and the executed events.

mod abort;
mod announce;
mod announcements;
mod choice;
mod comparison;
mod condition;
mod current;
mod decide;
mod ending;
mod execution;
mod granted;
mod graphs;
mod handle;
mod idle;
mod life_cycle;
mod panics;
mod perform;
mod quiet;
mod record;
mod sometimes;
mod spawns;
mod spin;
mod task;
mod wakes;

pub(crate) use abort::wait_forever;
pub(crate) use condition::await_until;
pub(crate) use current::{
    annotate, begin_future, begin_scripts, boundary, current, current_name, current_task,
    discard_when_abandoned, end_future, exploring, fails_spuriously, has_ended, known_time,
    may_park_spuriously, note_spurious_park, pause, refuse, serve, set_monitor, set_name, set_state,
    set_unseen, sometimes, spin, spurious_wakeups, state,
};
pub use current::{causal_clock, next_event, observed, recording, step};
pub use ending::Ending;
pub(crate) use execution::Execution;
pub(crate) use granted::Granted;
pub(crate) use graphs::{has_memory_orders, perform_fence};
pub(crate) use handle::Handle;
pub(crate) use life_cycle::{
    aborting, finish_panicked, join, join_scoped, run, spawn, take_panic, unwind_if_aborted,
};
pub use panics::PanicReport;
pub(crate) use panics::{Quiet, describe_payload, may_be_resumed};
pub(crate) use perform::{choose, opaque};
pub(crate) use quiet::quiesce;
pub(crate) use record::Switch;
pub(crate) use sometimes::Sometimes;
pub(crate) use wakes::{has_deferred_wakes, send_wakes};
