//! One decision of a schedule.

use super::record::TaskId;

/// The task that runs next, and which alternative of its operation it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Turn {
    pub(crate) task: TaskId,
    pub(crate) choice: u16,
}
