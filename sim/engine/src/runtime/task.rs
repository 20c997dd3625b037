//! A task and where it stands.

use std::rc::Rc;

use crate::coroutine::Coroutine;
use crate::event::{Pending, States, TaskId};
use crate::runtime::{PanicReport, Wake};

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

/// A condition on the states of an operation's locations.
pub(crate) type SharedCondition = Rc<dyn Fn(&States) -> bool>;

/// One task of the current run.
#[derive(Default)]
pub(crate) struct Task {
    pub(crate) phase: Phase,
    pub(crate) coroutine: Option<Coroutine>,
    pub(crate) pending: Option<Pending>,
    pub(crate) condition: Option<SharedCondition>,
    pub(crate) name: Option<String>,
    /// The tasks that wait for the end of this one, a bit for each.
    pub(crate) joiners: u64,
    /// How many tasks it has spawned.
    pub(crate) children: usize,
    /// How many objects it has created.
    pub(crate) objects: usize,
    /// The locks that it gave up while it unwound, which is still to be seen.
    pub(crate) released: Vec<Pending>,
    /// It has panicked, and nobody has asked for its result.
    pub(crate) panicked: Option<PanicReport>,
    /// It does what the engine does not see along with its operations: each of them is opaque.
    pub(crate) unseen: bool,
    /// Wake-ups that it has called for and not yet sent.
    pub(crate) wakes: Vec<Wake>,
    /// How often it has gone round in a loop since another task last changed anything.
    pub(crate) spins: usize,
    /// Up to which event of the trail it has looked for such a change.
    pub(crate) looked: usize,
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
        self.joiners = 0;
        self.children = 0;
        self.objects = 0;
        self.released.clear();
        self.panicked = None;
        self.unseen = false;
        self.wakes.clear();
        self.spins = 0;
        self.looked = 0;
    }
}
