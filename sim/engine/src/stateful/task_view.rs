//! The part of a running task that belongs to a state.

use crate::event::{Pending, Phase};

/// A task, as a state contains it.
#[derive(Clone, Copy)]
pub(crate) struct TaskView<'a> {
    /// The phase of the task.
    pub(crate) phase: Phase,
    /// The announced operation of the task.
    pub(crate) pending: Option<&'a Pending>,
}
