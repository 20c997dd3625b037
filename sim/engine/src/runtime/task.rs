//! The tasks of a run.

use std::panic::Location;
use std::rc::Rc;

use super::abort::AbortedTask;
use super::panics::PanicReport;
use super::wakes::Wake;
use crate::coroutine::Coroutine;
use crate::event::{LocationStates, Pending, Phase, TaskId};

/// A condition on the states of an operation's locations.
pub(crate) type SharedCondition = Rc<dyn Fn(&LocationStates) -> bool>;

/// A task of the current run.
#[derive(Default)]
pub(crate) struct Task {
    pub(crate) phase: Phase,
    /// The task's spawn index in this run, from 0.
    pub(crate) order: TaskId,
    pub(crate) coroutine: Option<Coroutine>,
    pub(crate) pending: Option<Pending>,
    pub(crate) condition: Option<SharedCondition>,
    /// The tasks that wait for the end of this one, one bit per task.
    pub(crate) joiners: u64,
    /// The number of tasks that it has spawned.
    pub(crate) children: usize,
    /// The number of objects that it has created.
    pub(crate) objects: usize,
    /// The number of its spurious returns from park.
    pub(crate) spurious_parks: u16,
    /// The number of spurious failures of its weak compare-exchanges.
    pub(crate) spurious_failures: u16,
    /// The number of its events that are [pauses](Pending::pause).
    pub(crate) pauses: u32,
    /// Whether its operations are opaque, because they have effects that the engine cannot see.
    pub(crate) unseen: bool,
    /// Whether it serves the other tasks: it may wait when the run ends.
    pub(crate) serves: bool,
    /// The number of iterations of its loop since the last change by another task.
    pub(crate) spins: usize,
    /// The number of events of the trail that were checked for such a change.
    pub(crate) checked_up_to: usize,
    /// Data that few tasks have. Boxed, so that resetting a task is cheap.
    pub(crate) rare: Option<Box<Rare>>,
}

/// Data that few tasks have.
#[derive(Default)]
pub(crate) struct Rare {
    pub(crate) name: Option<String>,
    /// The panic of the task, until another task takes its result.
    pub(crate) panicked: Option<PanicReport>,
    /// Its deferred wakeups.
    pub(crate) wakes: Vec<Wake>,
    /// Its progress, if its run is aborted.
    pub(crate) aborted: Option<AbortedTask>,
    /// The deadline of its pending operation, if it passes only when no other task can continue,
    /// and the operation's argument then.
    pub(crate) idle: Option<(u64, u64)>,
    /// The location of its last operation, if its run is aborted.
    pub(crate) last: Option<&'static Location<'static>>,
}

impl Task {
    /// Sets the pending operation.
    ///
    /// Not inlined: a caller that also reads fields of `pending` would copy them one by one.
    #[inline(never)]
    pub(super) fn announce(&mut self, pending: &Pending) {
        self.pending = Some(*pending);
    }

    /// The data that few tasks have. Creates it if necessary.
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

    /// Resets the task for a run in which it may not be spawned.
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
        self.serves = false;
        self.spurious_parks = 0;
        self.spurious_failures = 0;
        self.pauses = 0;
        self.spins = 0;
        self.checked_up_to = 0;
        if self.rare.is_some() {
            self.rare = None;
        }
    }
}
