//! A task says what it is about to do, and does it if it is its turn.

use std::rc::Rc;

use super::execution::Execution;
use super::record::Recorded;
use super::task::{Phase, SharedCondition};
use crate::event::{Pending, TaskId, Turn};
use crate::stateful::Unfit;

/// Whether an announced operation has been done at once.
pub(super) enum Announced {
    Done,
    /// The task is to be suspended.
    Wait,
    /// There are wake-ups to be sent first.
    SendWakes,
    /// The run is aborted: the task is to unwind.
    Raise,
}

impl Execution {
    /// The current task is about to do `pending`.
    #[inline(always)]
    pub(super) fn announce(&mut self, pending: &Pending, condition: Option<&SharedCondition>) -> Announced {
        let task = self.current;
        self.pulse.beat(task, pending.source);
        if self.aborting {
            return self.announce_aborted(pending, condition);
        }
        let slot = &self.tasks[task as usize];
        if slot.unseen && !pending.opaque {
            return self.announce_opaque(pending, condition);
        }
        if slot.phase == Phase::Ready && self.trail.is_repeating() {
            // The common case while a prefix is repeated: the same task goes on with the operation that is known.
            let expected = self.trail.expected();
            if expected.footprint.task == task && pending.matches(expected) && self.repeats_values(pending) {
                if self.recording {
                    self.record.push(Recorded { pending: *pending, switch: None });
                }
                self.is_right_mover = pending.is_right_mover();
                let position = self.trail.repeat(&mut self.registry);
                self.grant(position);
                if self.is_observed() {
                    self.observe(position, pending);
                }
                return Announced::Done;
            }
        }
        let starts = slot.phase == Phase::Starting;
        if pending.opaque && self.state.is_some() {
            self.refuse(Unfit::Opaque(pending.source));
            return Announced::Wait;
        }
        self.set_pending(task, pending, condition);
        if starts {
            return Announced::Wait;
        }
        if self.joins_movers && self.joins_the_last(task, pending) {
            self.execute(Turn { task, choice: 0 }, true);
            return Announced::Done;
        }
        self.next = self.decide();
        match self.next {
            Some(turn) if turn.task == task => {
                self.execute(turn, false);
                Announced::Done
            }
            _ => Announced::Wait,
        }
    }

    /// Whether what the task is about to do comes with its last event, without a state in between: because that was to take a
    /// lock, which might as well have come later, or because this is to give one back, which might as well have come earlier.
    ///
    /// Only an operation that cannot wait joins a lock that was taken: of two locks, one may be taken and the other waited for,
    /// for ever.
    fn joins_the_last(&self, task: TaskId, pending: &Pending) -> bool {
        let is_last = self.trail.events().last().is_some_and(|event| event.footprint.task == task);
        let joins = pending.is_left_mover() || (self.is_right_mover && !pending.can_wait());
        is_last && joins && !self.finishing
    }

    /// `pending` is what `task` does next.
    #[inline]
    fn set_pending(&mut self, task: TaskId, pending: &Pending, condition: Option<&SharedCondition>) {
        let slot = &mut self.tasks[task as usize];
        slot.pending = Some(*pending);
        if let Some(condition) = condition {
            slot.condition = Some(Rc::clone(condition));
        }
        self.announced |= 1 << task;
        self.change(task);
        if let Some(announced) = &mut self.fingerprint {
            *announced ^= pending.fingerprint(task);
        }
    }

    #[cold]
    fn announce_opaque(&mut self, pending: &Pending, condition: Option<&SharedCondition>) -> Announced {
        self.announce(&pending.made_opaque(), condition)
    }

    /// Does one more step of the current task, right after its last: no other task can go between.
    pub(super) fn glue(&mut self, pending: &Pending, condition: Option<&SharedCondition>) {
        if self.aborting {
            self.apply(pending);
            return;
        }
        let task = self.current;
        self.set_pending(task, pending, condition);
        self.execute(Turn { task, choice: 0 }, true);
    }

    pub(super) fn has_deferred_wakes(&self) -> bool {
        self.tasks[self.current as usize].rare.as_ref().is_some_and(|rare| !rare.wakes.is_empty())
    }
}
