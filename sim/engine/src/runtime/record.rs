//! What a run that is to be shown keeps of each event, beyond what the trail has. Words come later.

use crate::event::{Pending, TaskId};

/// An event of a recorded run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recorded {
    /// The operation, as it was announced.
    pub(crate) pending: Pending,
    /// Why it is not an event of the task that did the event before it.
    pub(crate) switch: Option<Switch>,
}

/// Why the task that did the last event did not go on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Switch {
    /// It has ended.
    Ended,
    /// It waits for the end of this task.
    Joins(TaskId),
    /// Its next operation cannot be done yet.
    Waits(Pending),
    /// It could have gone on: the schedule has it so.
    Chosen,
}
