//! Monitors: code of the caller that watches a run and is part of its state.

use std::any::Any;
use std::fmt;
use std::hash::Hasher;
use std::rc::Rc;

/// Watches the runs of a program and judges them. [`monitor`](crate::monitor()) installs it in a
/// run; each run has its own.
///
/// The tasks of the program report their actions to it by calling its methods; such a call is no
/// event. The monitor is part of the state of the run: two states with different monitors are
/// different states. So a monitor should store as little as possible: for example the ranks of
/// versions instead of the steps at which they were written.
pub trait Monitor: fmt::Debug {
    /// Begins a step: the task has just executed an event, and its actions until its next event
    /// belong to the same step. An operation that the task reported before the event, and which has
    /// executed no other event, begins with this step.
    fn step(&self, task: u32);

    /// Hashes all data that later judgements depend on, and the findings of this step; except the
    /// data of [`hash_task`](Monitor::hash_task). Hash tasks as [`Name`](crate::Name) and symbols
    /// of scripts as [`Symbol`](crate::Symbol), in an order that depends on neither, because
    /// [symmetric](crate::Alike) tasks can be exchanged.
    fn hash(&self, state: &mut dyn Hasher);

    /// Hashes the data about this task alone that later judgements depend on.
    fn hash_task(&self, task: u32, state: &mut dyn Hasher) {
        let _ = (task, state);
    }

    /// Hashes the data that the next steps of this task depend on and that only the monitor stores,
    /// such as the planned faults of the task. It is a part of the data of
    /// [`hash_task`](Monitor::hash_task).
    fn hash_pending_effects(&self, task: u32, state: &mut dyn Hasher) {
        let _ = (task, state);
    }

    /// Whether a task has reported an action since the last [`step`](Monitor::step), including that
    /// call. If not, the step does not change the data or the findings of the monitor, except that
    /// earlier findings are cleared.
    fn is_touched(&self) -> bool {
        true
    }

    /// The reports since the last [`step`](Monitor::step), including that call. The same step must
    /// give the same reports in every state. `None` if the monitor does not record them.
    fn reports(&self) -> Option<Rc<dyn Any>> {
        None
    }

    /// The monitor after a step of this task with these reports, or without reports. `None` if the
    /// monitor cannot compute it.
    fn after(&self, task: u32, reports: Option<&dyn Any>) -> Option<Rc<dyn Monitor>> {
        let _ = (task, reports);
        None
    }

    /// The findings of this step, one bit for each kind.
    fn found(&self) -> u64;
}
