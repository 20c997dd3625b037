//! Detection of stored wakers.
//!
//! A future may store the waker of its poller anywhere, where the engine does not see it. This is
//! no part of the state itself: the set of stored wakers is a function of the local states. But the
//! tasks that a step wakes are then not a function of the step's inputs.

use std::any::Any;
use std::sync::Weak;

use crate::event::TaskId;

/// The data of a waker. Its owner has two references to it.
pub(crate) type Signal = Weak<dyn Any + Send + Sync>;

/// The number of references to a signal if no waker is stored: the executor's, and the one in its
/// own waker.
const OWN: usize = 2;

/// The wakers of the current run.
#[derive(Default)]
pub(super) struct Wakers {
    /// The futures that are being run, with their tasks.
    polled: Vec<(TaskId, Signal)>,
    are_kept: bool,
}

impl Wakers {
    /// Begins a run.
    pub(super) fn begin_run(&mut self) {
        self.polled.clear();
        self.are_kept = false;
    }

    /// The task begins to run a future.
    pub(super) fn begin(&mut self, task: TaskId, signal: Signal) {
        self.polled.push((task, signal));
    }

    /// The task has completed the last future that it began to run.
    pub(super) fn end(&mut self, task: TaskId) {
        self.look();
        if let Some(last) = self.polled.iter().rposition(|(its, _)| *its == task) {
            self.polled.remove(last);
        }
    }

    /// A task is woken. The other tasks that this step wakes are unknown.
    pub(super) fn wake(&mut self) {
        self.are_kept = true;
    }

    /// Whether a waker may have been stored anywhere in this run.
    pub(super) fn are_kept(&self) -> bool {
        self.are_kept
    }

    /// Checks whether a waker is stored now.
    pub(super) fn look(&mut self) {
        self.are_kept |= self.polled.iter().any(|(_, signal)| signal.strong_count() > OWN);
    }
}
