//! A task and where it stands.

use std::rc::Rc;

use crate::coroutine::Coroutine;
use crate::event::{Pending, TaskId};
use crate::runtime::PanicReport;

/// Where a task stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not spawned in this run (another schedule has it).
    #[default]
    Absent,
    /// Between its start, or the end of what it joined, and its next announcement.
    Starting,
    /// It has announced an operation, or is executing one.
    Ready,
    /// It waits for the end of another task.
    Joining(TaskId),
    /// It has ended.
    Ended,
}

/// A condition on a location's state.
pub(crate) type SharedCondition = Rc<dyn Fn(u64) -> bool>;

/// One task of the current run.
#[derive(Default)]
pub(crate) struct Task {
    pub(crate) phase: Phase,
    pub(crate) coroutine: Option<Coroutine>,
    pub(crate) pending: Option<Pending>,
    pub(crate) condition: Option<SharedCondition>,
    pub(crate) name: Option<String>,
    /// The task that waits for the end of this one.
    pub(crate) joiner: Option<TaskId>,
    /// How many tasks it has spawned.
    pub(crate) children: usize,
    /// How many objects it has created.
    pub(crate) objects: usize,
    /// The locks that it gave up while it unwound, which is still to be seen.
    pub(crate) released: Vec<Pending>,
    /// It has panicked, and nobody has asked for its result.
    pub(crate) panicked: Option<PanicReport>,
}

impl Task {
    /// A run begins, in which the task may not be spawned.
    #[inline]
    pub(crate) fn forget(&mut self) {
        self.phase = Phase::Absent;
        self.coroutine = None;
        self.pending = None;
        self.condition = None;
        self.name = None;
        self.joiner = None;
        self.children = 0;
        self.objects = 0;
        self.released.clear();
        self.panicked = None;
    }
}
