//! Operations of tasks that unwind, and of runs that are given up.

use std::mem;
use std::thread;

use super::announce::Announced;
use super::current::OWED;
use super::ending::{Ending, place};
use super::execution::Execution;
use super::granted::Granted;
use super::panics::PanicReport;
use super::task::SharedCondition;
use crate::event::{LocationStates, Mode, Pending, TaskId};

impl Execution {
    /// An operation of the current task while it unwinds, when no other task may run.
    ///
    /// A lock that is given up is free at once for std, and for the other tasks as soon as the task has been unwound:
    /// until then it is an operation that the task has announced. For anything else the task needs to know now what comes
    /// of it. That is glued to its last step, and the search does not look for orders in which others come between.
    #[cold]
    pub(super) fn unwind(&mut self, pending: &Pending, condition: Option<&SharedCondition>) -> Announced {
        let task = self.current as usize;
        if pending.is_release() {
            self.tasks[task].rare().released.push(*pending);
            OWED.set(OWED.get() + 1);
            self.granted = Granted::default();
            return Announced::Done;
        }
        for release in self.take_released() {
            if self.is_enabled(&release, None) {
                self.glue(&release, None);
            } else {
                self.apply(&release);
            }
        }
        if self.stopped.is_some() {
            self.apply(pending);
            return Announced::Done;
        }
        if !self.is_enabled(pending, condition) {
            self.give_up_for(pending);
            return Announced::Held;
        }
        self.glue(pending, condition);
        Announced::Done
    }

    /// The locks that the current task gave up while it unwound.
    pub(super) fn take_released(&mut self) -> Vec<Pending> {
        let rare = self.tasks[self.current as usize].rare.as_mut();
        let released = rare.map_or_else(Vec::new, |rare| mem::take(&mut rare.released));
        OWED.set(OWED.get() - released.len());
        released
    }

    fn is_enabled(&self, pending: &Pending, condition: Option<&SharedCondition>) -> bool {
        pending.alternatives(&self.registry.states(pending), condition.map(|it| &**it)) > 0
    }

    /// The run ends here: the current task unwinds, and what it needs is held by a task that cannot go on before.
    fn give_up_for(&mut self, pending: &Pending) {
        self.find_races_of_blocked();
        let object = pending.actions().first().map_or("", |(location, _)| self.registry.name(*location));
        let holder = self.holder(self.current, pending).unwrap_or_default();
        let report = PanicReport {
            message: format!(
                "while it unwinds from a panic, a destructor waits to {} {object}{holder}. No other task can run while one \
                 unwinds: use try_lock in destructors",
                pending.describe()
            ),
            location: place(pending.source),
        };
        self.stopped = Some(Ending::Panic { task: self.task_name(self.current), report });
        self.survivor = Some(self.current);
        self.abandoning = true;
    }

    /// An operation in a run that is being given up: it changes the state, and is no event.
    #[cold]
    pub(super) fn announce_in_vain(
        &mut self,
        pending: &Pending,
        condition: Option<&SharedCondition>,
    ) -> Announced {
        if self.survivor.is_some() && !thread::panicking() {
            // Its panic was caught. It has to be unwound in its turn.
            return Announced::Wait;
        }
        if !self.is_enabled(pending, condition) && self.youngest_suspended().is_some() {
            return Announced::Held;
        }
        self.apply(pending);
        Announced::Done
    }

    /// The youngest of the tasks that stand still somewhere.
    pub(super) fn youngest_suspended(&self) -> Option<TaskId> {
        self.tasks.iter().rposition(|task| task.coroutine.is_some()).map(|task| task as TaskId)
    }

    /// Does an operation that is no event: its task is being given up.
    pub(super) fn apply(&mut self, pending: &Pending) {
        let before: LocationStates = self.registry.states(pending);
        let (footprint, after) = pending.outcome(self.current, &before, 0, 1);
        for ((location, mode), after) in footprint.touched().zip(after) {
            if mode != Mode::Nothing {
                self.registry.set_state(location, after);
            }
        }
        let [state, second, third, ..] = before;
        self.granted = Granted { before: state, after: after[0], second, third, choice: 0 };
    }
}
