//! Whether wakers are kept somewhere.
//!
//! A future keeps the waker of whoever polls it wherever it pleases, where the engine does not see it. That is no part of the
//! state by itself: which wakers are kept is a function of where tasks stand. But whom a step wakes is then not a function
//! of what the step touches.

use std::any::Any;
use std::sync::Weak;

use crate::event::TaskId;

/// What a waker is made of: its owner has two of them.
pub(crate) type Signal = Weak<dyn Any + Send + Sync>;

/// How many of a signal there are if no waker is kept: the executor's, and that in its own waker.
const OWN: usize = 2;

/// The wakers of the run that is going on.
#[derive(Default)]
pub(super) struct Wakers {
    /// The futures that are being run, by their tasks.
    polled: Vec<(TaskId, Signal)>,
    are_kept: bool,
}

impl Wakers {
    /// A run begins.
    pub(super) fn begin_run(&mut self) {
        self.polled.clear();
        self.are_kept = false;
    }

    /// The task begins to run a future.
    pub(super) fn begin(&mut self, task: TaskId, signal: Signal) {
        self.polled.push((task, signal));
    }

    /// The task has run the last future that it began to run.
    pub(super) fn end(&mut self, task: TaskId) {
        self.look();
        if let Some(last) = self.polled.iter().rposition(|(its, _)| *its == task) {
            self.polled.remove(last);
        }
    }

    /// Somebody is to be woken. Whom else the task is to wake is told by nothing.
    pub(super) fn wake(&mut self) {
        self.are_kept = true;
    }

    /// Whether a waker may have been kept anywhere in this run.
    pub(super) fn are_kept(&self) -> bool {
        self.are_kept
    }

    /// Looks whether one is kept now.
    pub(super) fn look(&mut self) {
        self.are_kept |= self.polled.iter().any(|(_, signal)| signal.strong_count() > OWN);
    }
}
