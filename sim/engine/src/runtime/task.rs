//! A task and where it stands.

use std::panic::Location;
use std::rc::Rc;

use super::abort::AbortedTask;
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
    /// As which one it was spawned in this run, from 0.
    pub(crate) order: TaskId,
    pub(crate) coroutine: Option<Coroutine>,
    pub(crate) pending: Option<Pending>,
    pub(crate) condition: Option<SharedCondition>,
    /// The tasks that wait for the end of this one, a bit for each.
    pub(crate) joiners: u64,
    /// How many tasks it has spawned.
    pub(crate) children: usize,
    /// How many objects it has created.
    pub(crate) objects: usize,
    /// How often it has returned from a park with no unpark.
    pub(crate) spurious_parks: u16,
    /// How many of its events are [pauses](Pending::pause).
    pub(crate) pauses: u32,
    /// It does what the engine does not see along with its operations: each of them is opaque.
    pub(crate) unseen: bool,
    /// How often it has gone round in a loop since another task last changed anything.
    pub(crate) spins: usize,
    /// Up to which event of the trail it has checked_up_to for such a change.
    pub(crate) checked_up_to: usize,
    /// What few tasks have. Kept apart, so that a task is soon forgotten.
    pub(crate) rare: Option<Box<Rare>>,
}

/// What few tasks have.
#[derive(Default)]
pub(crate) struct Rare {
    pub(crate) name: Option<String>,
    /// It has panicked, and nobody has asked for its result.
    pub(crate) panicked: Option<PanicReport>,
    /// Wake-ups that it has called for and not yet sent.
    pub(crate) wakes: Vec<Wake>,
    /// Where it stands, if its run is aborted.
    pub(crate) aborted: Option<AbortedTask>,
    /// Where its last operation was, if its run is aborted.
    pub(crate) last: Option<&'static Location<'static>>,
}

impl Task {
    /// What few tasks have, to be given to this one.
    pub(crate) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    pub(crate) fn name(&self) -> Option<&String> {
        self.rare.as_ref()?.name.as_ref()
    }

    pub(crate) fn panicked(&self) -> Option<&PanicReport> {
        self.rare.as_ref()?.panicked.as_ref()
    }

    pub(crate) fn take_panic(&mut self) -> Option<PanicReport> {
        self.rare.as_mut()?.panicked.take()
    }

    /// A run begins, in which the task may not be spawned.
    #[inline]
    pub(crate) fn forget(&mut self) {
        self.phase = Phase::Absent;
        self.coroutine = None;
        self.pending = None;
        self.condition = None;
        self.joiners = 0;
        self.children = 0;
        self.objects = 0;
        self.unseen = false;
        self.spurious_parks = 0;
        self.pauses = 0;
        self.spins = 0;
        self.checked_up_to = 0;
        if self.rare.is_some() {
            self.rare = None;
        }
    }
}
