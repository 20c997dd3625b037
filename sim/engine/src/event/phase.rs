//! The phase of a task in a run.

use super::TaskId;

/// The phase of a task in the current run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not spawned in this run (another schedule spawns it).
    #[default]
    Absent,
    /// Between its start, or the end of a join, and its next announcement.
    Starting,
    /// It has announced an operation, or is executing one.
    Ready,
    /// It waits for the end of this task.
    Joining(TaskId),
    /// It waits until no other task can continue.
    Quiescing,
    /// It has ended.
    Ended,
}
