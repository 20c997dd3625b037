//! The recorded data of an event beyond the trail's, from which traces are written.

use crate::event::{Pending, TaskId};

/// An event of a recorded run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recorded {
    /// The announced operation.
    pub(crate) pending: Pending,
    /// The reason for the context switch before the event, if there was one.
    pub(crate) switch: Option<Switch>,
}

/// Why the task of the previous event did not continue.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Switch {
    /// It has ended.
    Ended,
    /// It waits for the end of this task.
    Joins(TaskId),
    /// Its next operation is disabled.
    Waits(Pending),
    /// It was enabled: the schedule chose another task.
    Chosen,
}
