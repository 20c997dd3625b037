//! The announcement of an operation. If the task is chosen at once, it executes the operation
//! without a switch.

use std::rc::Rc;

use super::execution::Execution;
use super::record::Recorded;
use super::task::SharedCondition;
use crate::event::Phase;
use crate::event::{Decision, Pending, TaskId};
use crate::stateful::Unsupported;

/// The result of an announcement.
pub(super) enum Announced {
    Done,
    /// The task must suspend.
    Wait,
    /// The task must send its deferred wakeups first.
    SendWakes,
    /// The run is aborted: the task must unwind.
    Raise,
}

impl Execution {
    /// Announces the operation `pending` of the current task.
    #[inline(always)]
    pub(super) fn announce(&mut self, pending: &Pending, condition: Option<&SharedCondition>) -> Announced {
        let task = self.turn.current;
        self.pulse.beat(task, pending.source);
        if self.end.aborting {
            return self.announce_aborted(pending, condition);
        }
        let slot = &self.tasks[task as usize];
        if slot.unseen && !pending.opaque {
            return self.announce_opaque(pending, condition);
        }
        if slot.phase == Phase::Ready && self.history.trail.is_repeating() && !self.is_idle_wait(task) {
            // The common case in a repeated prefix: the same task continues with the expected
            // operation.
            let expected = self.history.trail.expected();
            if expected.footprint.task == task && pending.matches(expected) && self.repeats_values(pending) {
                if self.settings.recording {
                    self.record.push(Recorded { pending: *pending, switch: None });
                }
                self.turn.is_right_mover = pending.is_right_mover();
                let position = self.history.trail.repeat(&mut self.history.registry);
                self.grant(position);
                if self.is_observed() {
                    self.observe(position, pending);
                }
                return Announced::Done;
            }
        }
        let starts = slot.phase == Phase::Starting;
        if pending.opaque && self.state.is_some() {
            self.refuse(Unsupported::Opaque(pending.source));
            return Announced::Wait;
        }
        self.set_pending(task, pending, condition);
        if starts {
            return Announced::Wait;
        }
        if self.settings.joins_movers && self.joins_the_last(task, pending) {
            self.execute(Decision { task, choice: 0 }, true);
            return Announced::Done;
        }
        self.turn.next = self.decide();
        match self.turn.next {
            Some(decision) if decision.task == task => {
                self.execute(decision, false);
                Announced::Done
            }
            _ => Announced::Wait,
        }
    }

    /// Whether the operation is atomic with the task's last event, without a state in between: the
    /// last event took a lock, and could have happened later, or the operation releases one, and
    /// could have happened earlier.
    ///
    /// After a lock, only an operation that cannot block is atomic with it. Otherwise one lock
    /// could be held forever while the task waits for another.
    fn joins_the_last(&self, task: TaskId, pending: &Pending) -> bool {
        let is_last = self.history.trail.events().last().is_some_and(|event| event.footprint.task == task);
        let joins = pending.is_left_mover() || (self.turn.is_right_mover && !pending.can_wait());
        is_last && joins && !self.end.finishing
    }

    /// Sets the next operation of `task`.
    #[inline]
    fn set_pending(&mut self, task: TaskId, pending: &Pending, condition: Option<&SharedCondition>) {
        let slot = &mut self.tasks[task as usize];
        slot.announce(pending);
        if let Some(condition) = condition {
            slot.condition = Some(Rc::clone(condition));
        }
        self.announcements.tasks |= 1 << task;
        self.change(task);
        if let Some(announced) = &mut self.announcements.fingerprint {
            *announced ^= pending.fingerprint(task);
        }
    }

    #[cold]
    fn announce_opaque(&mut self, pending: &Pending, condition: Option<&SharedCondition>) -> Announced {
        self.announce(&pending.made_opaque(), condition)
    }

    /// Executes an operation of the current task atomically with its previous event.
    pub(super) fn perform_with_previous(&mut self, pending: &Pending, condition: Option<&SharedCondition>) {
        if self.end.aborting {
            self.apply(pending);
            return;
        }
        let task = self.turn.current;
        self.set_pending(task, pending, condition);
        self.add_joined_to_graph(task);
        self.execute(Decision { task, choice: 0 }, true);
    }

    pub(super) fn has_deferred_wakes(&self) -> bool {
        self.tasks[self.turn.current as usize].rare.as_ref().is_some_and(|rare| !rare.wakes.is_empty())
    }
}
