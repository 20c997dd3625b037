//! Runs that are abandoned: every task is unwound, or goes on to its end if it was unwinding already.
//!
//! An operation of an abandoned task is no event, and waits for nobody's turn. While the task unwinds (destructors run), the
//! operation is done at once if it is enabled. If it is not, a lock is held by another task that is still to be unwound: the
//! task is suspended, and goes on once the operation is enabled. A task that does not unwind has caught the panic that
//! unwound it: its operation raises that panic again.
//!
//! Some tasks cannot be unwound. Destructors of two tasks may wait for each other's locks; a loop may catch the panic again
//! and again. There is no safe way to end them: a destructor that unwinds must not panic, and a lock must not be given to two
//! tasks. Such a task is left where it stands: nothing on its stack is dropped, and the stack is not used again.

use std::panic;
use std::panic::Location;
use std::thread;

use super::announce::Announced;
use super::current::with;
use super::execution::Execution;
use super::granted::Granted;
use super::task::{Phase, SharedCondition};
use crate::coroutine::{self, Coroutine};
use crate::event::{LocationStates, Mode, Pending, TaskId};

/// How often a task that is abandoned may catch the panic that unwinds it.
const MAX_CATCHES: usize = 100;

/// How many operations and turns of loops the destructors of an abandoned task may have.
const MAX_OPERATIONS: usize = 10_000;

/// How many tasks that cannot be unwound an exploration may leave behind, on each OS thread.
pub(super) const MAX_LEFT_BEHIND: usize = 1_000;

/// The payload of the panic that unwinds an abandoned task.
struct Abandoned;

/// Unwinds the current task, which is abandoned and does not unwind.
pub(super) fn raise() -> ! {
    panic::resume_unwind(Box::new(Abandoned))
}

/// The current task, which is abandoned and unwinds, needs what there will never be: it waits for ever.
pub(crate) fn wait_forever() {
    loop {
        with(|execution| execution.vain().waits = Waits::Forever);
        coroutine::suspend();
    }
}

/// Where an abandoned task stands.
#[derive(Default)]
pub(crate) struct Vain {
    waits: Waits,
    catches: usize,
    operations: usize,
}

/// What an abandoned task that is suspended waits for.
#[derive(Default)]
enum Waits {
    /// Nothing: it has not gone on since its run was abandoned.
    #[default]
    Nothing,
    /// That the operation is enabled.
    Operation(Box<Pending>, Option<SharedCondition>),
    /// The end of another task.
    End(TaskId),
    /// That others do something: it goes round in a loop.
    Others,
    /// It will not go on.
    Forever,
}

/// The first task that could not be unwound: where its last operation is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeftBehind {
    pub(crate) tasks: usize,
    pub(crate) source: Option<&'static Location<'static>>,
}

impl Execution {
    fn vain(&mut self) -> &mut Vain {
        self.tasks[self.current as usize].rare().vain.get_or_insert_default()
    }

    /// The current task, which is abandoned, waits.
    fn wait_in_vain(&mut self, waits: Waits) -> Announced {
        self.vain().waits = waits;
        Announced::Wait
    }

    /// What the current task, which is abandoned and does not unwind, is to do: to unwind, or to wait forever if it has
    /// caught that too often.
    pub(super) fn unwind_again(&mut self) -> Announced {
        let vain = self.vain();
        vain.catches += 1;
        if vain.catches > MAX_CATCHES { self.wait_in_vain(Waits::Forever) } else { Announced::Raise }
    }

    /// Whether the current task, which is abandoned, has done more than any destructor is expected to.
    fn does_too_much(&mut self) -> bool {
        let vain = self.vain();
        vain.operations += 1;
        vain.operations > MAX_OPERATIONS
    }

    /// An operation of the current task in a run that is abandoned: it changes the state, and is no event.
    #[cold]
    pub(super) fn announce_in_vain(
        &mut self,
        pending: &Pending,
        condition: Option<&SharedCondition>,
    ) -> Announced {
        self.tasks[self.current as usize].rare().last = Some(pending.source);
        if !thread::panicking() && !pending.is_release() {
            return self.unwind_again();
        }
        if self.does_too_much() {
            return self.wait_in_vain(Waits::Forever);
        }
        if !self.is_enabled(pending, condition) {
            return self.wait_in_vain(Waits::Operation(Box::new(*pending), condition.cloned()));
        }
        self.apply(pending);
        Announced::Done
    }

    /// The current task, whose run is abandoned, is to wait for the end of `other`. `can_unwind` says whether it may unwind
    /// instead.
    pub(super) fn join_in_vain(&mut self, other: TaskId, can_unwind: bool) -> Announced {
        if can_unwind && !thread::panicking() {
            return self.unwind_again();
        }
        self.wait_in_vain(Waits::End(other))
    }

    /// The current task, whose run is abandoned, goes round in a loop until others change something.
    pub(super) fn spin_in_vain(&mut self) -> Announced {
        if !thread::panicking() {
            return self.unwind_again();
        }
        let forever = self.does_too_much();
        self.wait_in_vain(if forever { Waits::Forever } else { Waits::Others })
    }

    /// The youngest of the abandoned tasks that can go on, with its coroutine. One that only waits for others to do something
    /// goes on last.
    pub(super) fn next_abandoned(&mut self) -> Option<(TaskId, Coroutine)> {
        let goes_on = |loops: bool| {
            self.tasks.iter().rposition(|task| {
                task.coroutine.is_some()
                    && match task.rare.as_ref().and_then(|rare| rare.vain.as_ref()).map(|vain| &vain.waits) {
                        None | Some(Waits::Nothing) => true,
                        Some(Waits::Operation(pending, condition)) => {
                            self.is_enabled(pending, condition.as_ref())
                        }
                        Some(Waits::End(other)) => self.tasks[*other as usize].phase == Phase::Ended,
                        Some(Waits::Others) => loops,
                        Some(Waits::Forever) => false,
                    }
            })
        };
        let task = goes_on(false).or_else(|| goes_on(true))?;
        let slot = &mut self.tasks[task];
        let coroutine = slot.coroutine.take()?;
        self.current = task as TaskId;
        self.vain().waits = Waits::Nothing;
        Some((task as TaskId, coroutine))
    }

    /// Leaves behind the tasks that could not be unwound.
    pub(super) fn leave_behind(&mut self) {
        for task in &mut self.tasks {
            let Some(coroutine) = task.coroutine.take() else { continue };
            coroutine.leak();
            let source = task.rare.as_ref().and_then(|rare| rare.last);
            let left = self.left_behind.get_or_insert(LeftBehind { tasks: 0, source });
            left.tasks += 1;
        }
    }

    fn is_enabled(&self, pending: &Pending, condition: Option<&SharedCondition>) -> bool {
        pending.alternatives(&self.registry.states(pending), condition.map(|it| &**it)) > 0
    }

    /// Does an operation that is no event: its task is abandoned.
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
