//! Waits with a deadline that passes only when no other task can continue.
//!
//! A deadline that could pass at any point has infinitely many schedules in a program that waits
//! again after each. When no task can continue, the earliest of these deadlines passes: all that
//! the others have done happens before it, as with a wait [until no other can](super::quiet).

use super::current::with_if_any;
use super::execution::Execution;
use super::granted::Granted;
use super::perform::perform;
use crate::event::{Pending, Phase, TaskId};

/// Performs an operation with a rule. When no other task can continue, its argument becomes
/// `argument`, if no other such operation has an earlier deadline.
pub(crate) fn perform_until_idle(
    run: u64,
    pending: &Pending,
    deadline: u64,
    argument: u64,
) -> Option<Granted> {
    with_if_any(|execution| {
        execution.refuse_in_graph(
            "waits with a deadline that passes only when no other task can proceed",
            pending.source,
        );
        let task = execution.turn.current;
        execution.tasks[task as usize].rare().idle = Some((deadline, argument));
        execution.turn.idle_waits += 1;
    });
    let granted = perform(run, pending);
    with_if_any(Execution::forget_idle_wait);
    granted
}

impl Execution {
    /// Whether the current task's next operation is such a wait.
    pub(super) fn is_idle_wait(&self, task: TaskId) -> bool {
        self.turn.idle_waits > 0
            && self.tasks[task as usize].rare.as_ref().is_some_and(|rare| rare.idle.is_some())
    }

    fn forget_idle_wait(&mut self) {
        if self.tasks[self.turn.current as usize].rare().idle.take().is_some() {
            self.turn.idle_waits -= 1;
        }
    }

    /// Lets the earliest deadline pass, if no task can continue.
    #[inline]
    pub(super) fn pass_idle_deadline(&mut self) {
        if self.turn.idle_waits > 0 {
            self.pass_earliest();
        }
    }

    #[cold]
    fn pass_earliest(&mut self) {
        if self.tasks.iter().any(|task| task.alternatives(&self.history.registry) > 0) {
            return;
        }
        let deadline = |task: &TaskId| {
            let task = &self.tasks[*task as usize];
            let is_waiting = task.phase == Phase::Ready && task.pending.is_some();
            task.rare.as_ref().and_then(|rare| rare.idle).filter(|_| is_waiting)
        };
        let waiting = (0..self.tasks.len() as TaskId).filter(|task| deadline(task).is_some());
        let earliest = waiting.min_by_key(|task| (deadline(task).map(|(time, _)| time), self.order(*task)));
        let Some(task) = earliest else { return };
        let slot = &mut self.tasks[task as usize];
        let (Some((_, argument)), Some(pending)) = (slot.rare().idle.take(), slot.pending) else { return };
        let ending = pending.with_argument(argument);
        slot.announce(&ending);
        self.turn.idle_waits -= 1;
        if let Some(announced) = &mut self.announcements.fingerprint {
            *announced ^= pending.fingerprint(task) ^ ending.fingerprint(task);
        }
        self.happens_after_all(task);
    }
}
