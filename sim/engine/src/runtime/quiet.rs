//! The wait until no other task can continue.
//!
//! Like a join, it is not an event. In each schedule the tasks run until all of them have ended or
//! are blocked. Only then does the waiting task resume, and all earlier events of the others happen
//! before its next event. So no race between the two parts remains to be reversed: the first part
//! is searched as a program that ends there.

use std::panic::Location;
use std::thread;

use super::current::with;
use super::execution::Execution;
use super::life_cycle::{resume_joiners, unwind_if_aborted};
use super::wakes::send_wakes;
use crate::coroutine::{self, Coroutine};
use crate::event::{Phase, TaskId};
use crate::stateful::Unsupported;

/// Waits until no other task can continue; does not wait if the current task unwinds. Returns a
/// line for each task that has not ended: what it waits for, and where.
pub(crate) fn quiesce(source: &'static Location<'static>) -> Vec<String> {
    send_wakes();
    if with(|execution| execution.begin_quiescing(source)) {
        coroutine::suspend();
    }
    unwind_if_aborted();
    with(|execution| execution.blocked())
}

/// If no task can continue, resumes the one that waits for this. Returns whether it resumed one.
pub(super) fn release() -> bool {
    let Some((task, mut coroutine)) = with(Execution::end_quiescing) else { return false };
    let ended = coroutine.resume();
    let joiners = with(|execution| execution.leave(task, coroutine, ended));
    resume_joiners(task, joiners);
    true
}

impl Execution {
    /// Lets the current task wait until no other can continue. Returns `false` if it need not wait.
    fn begin_quiescing(&mut self, source: &'static Location<'static>) -> bool {
        let task = self.turn.current;
        if self.end.aborting || thread::panicking() {
            return false;
        }
        let has_ended = |other: TaskId| {
            other == task || matches!(self.tasks[other as usize].phase, Phase::Absent | Phase::Ended)
        };
        if (0..self.tasks.len() as TaskId).all(has_ended) {
            self.happens_after_all(task);
            return false;
        }
        if self.state.is_some() {
            self.refuse(Unsupported::Quiet(source));
        }
        self.refuse_in_graph("waits until no other task can proceed", source);
        assert!(
            self.turn.quiescing.is_none(),
            "two tasks wait until no other can continue: each would wait for the other"
        );
        let was_starting = self.tasks[task as usize].phase == Phase::Starting;
        self.tasks[task as usize].phase = Phase::Quiescing;
        self.turn.quiescing = Some(task);
        self.change(task);
        if !was_starting {
            self.turn.next = self.decide();
        }
        true
    }

    /// Whether a task waits until no other can continue, and none can.
    #[inline]
    pub(super) fn is_quiet(&self) -> bool {
        self.turn.quiescing.is_some()
            && self.tasks.iter().all(|task| task.alternatives(&self.history.registry) == 0)
    }

    /// Ends the wait if no task can continue. Returns the task that waited.
    fn end_quiescing(&mut self) -> Option<(TaskId, Coroutine)> {
        if self.end.ending.is_some() || !self.is_quiet() {
            return None;
        }
        let task = self.turn.quiescing.take()?;
        self.happens_after_all(task);
        self.tasks[task as usize].phase = Phase::Starting;
        self.turn.current = task;
        Some((task, self.tasks[task as usize].coroutine.take()?))
    }

    pub(super) fn happens_after_all(&mut self, task: TaskId) {
        for other in 0..self.tasks.len() as TaskId {
            if other != task && self.tasks[other as usize].phase != Phase::Absent {
                self.history.trail.join(task, other);
                self.joined_in_graph(task, other);
            }
        }
    }

    /// Returns a line for each other task that has not ended.
    fn blocked(&self) -> Vec<String> {
        let others = self.tasks.iter().enumerate().filter(|(id, _)| *id != self.turn.current as usize);
        others.filter_map(|(id, task)| self.waits_for(id as TaskId, task)).collect()
    }
}
