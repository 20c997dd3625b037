//! Decisions of a schedule.

use super::record::TaskId;

/// The next task, and the alternative of its operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Decision {
    pub(crate) task: TaskId,
    pub(crate) choice: u16,
}
