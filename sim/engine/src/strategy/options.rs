//! The current point of a run, as a strategy sees it.

use std::iter;

use crate::event::{Fingerprint, Footprint, TaskId};
use crate::stateful::{Monitor, State};

/// The current point of a run, as a strategy sees it.
pub(crate) trait Options {
    /// The task that executed the last event.
    fn current(&self) -> TaskId;
    /// The largest number of a task plus 1.
    fn tasks(&self) -> TaskId;
    /// The set of tasks with a pending operation, one bit each. The other tasks are not enabled.
    fn announced(&self) -> u64;
    /// The number of alternatives of the task's pending operation; 0 if the task is not enabled.
    fn alternatives(&self, task: TaskId) -> u16;
    /// The footprint of an alternative of the task's pending operation in the current state.
    fn footprint(&self, task: TaskId, choice: u16) -> Footprint;
}

/// The current point of a run, and its state.
pub(crate) trait StateOptions: Options {
    /// The current state.
    fn state(&self) -> Fingerprint;
    /// The parts of the state and the last step. `None` if the state has further parts.
    fn parts(&self) -> Option<&State>;
    /// The run's monitor.
    fn monitor(&self) -> Option<&dyn Monitor>;
    /// The findings of the run's monitor in the last step, one bit for each kind.
    fn found(&self) -> u64;
    /// Whether another task waits for the end of this one.
    fn is_awaited(&self, task: TaskId) -> bool;
    /// The task's spawn index in this run, from 0: its number in an execution of this schedule
    /// alone.
    fn order(&self, task: TaskId) -> TaskId;
}

/// The tasks of a set that has a bit for each, in the order of their numbers.
pub(crate) fn tasks_of(mut set: u64) -> impl Iterator<Item = TaskId> {
    iter::from_fn(move || {
        let task = set.trailing_zeros();
        set &= set.wrapping_sub(1);
        (task < u64::BITS).then_some(task as TaskId)
    })
}
