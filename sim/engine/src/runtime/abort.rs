//! Aborted runs: every task is unwound; a task that was already unwinding runs to its end.
//!
//! An operation of an aborted task is neither an event nor a scheduling point. While the task
//! unwinds (destructors run), an enabled operation is executed at once. A disabled one needs a lock
//! of another task that has not been unwound yet: the task is suspended until the operation is
//! enabled. A task that does not unwind yet, or has caught the panic that unwound it, is unwound by
//! its operation. So it executes no code after an operation that is not an event of the run. If the
//! operation releases a lock, the lock is free first: the guard is gone, and destructors of other
//! tasks may wait for the lock.
//!
//! Some tasks cannot be unwound. Destructors of two tasks may wait for each other's locks; a loop
//! may catch the panic repeatedly. There is no safe way to end such a task: a destructor that
//! unwinds must not panic, and two tasks must not hold one lock. The task is leaked: nothing on its
//! stack is dropped, and the stack is not reused.

use std::panic;
use std::panic::Location;
use std::thread;

use super::announce::Announced;
use super::current::with;
use super::execution::Execution;
use super::granted::Granted;
use super::task::SharedCondition;
use crate::coroutine::{self, Coroutine};
use crate::event::Phase;
use crate::event::{LocationStates, Mode, Pending, TaskId};

/// Maximum number of times that an aborted task may catch the panic that unwinds it.
const MAX_CATCHES: usize = 100;

/// Maximum number of operations and loop iterations in the destructors of an aborted task.
const MAX_OPERATIONS: usize = 10_000;

/// Maximum number of leaked tasks of an exploration, per OS thread.
pub(super) const MAX_LEAKED: usize = 1_000;

/// The payload of the panic that unwinds an aborted task.
struct Aborted;

/// Unwinds the current task, which is aborted and does not unwind yet.
pub(super) fn raise() -> ! {
    panic::resume_unwind(Box::new(Aborted))
}

/// Suspends the current task, which is aborted and unwinds, forever.
pub(crate) fn wait_forever() {
    loop {
        with(|execution| execution.aborted_task().waits = Waits::Forever);
        coroutine::suspend();
    }
}

/// The progress of an aborted task.
#[derive(Default)]
pub(crate) struct AbortedTask {
    waits: Waits,
    catches: usize,
    operations: usize,
}

/// The condition that a suspended aborted task waits for.
#[derive(Default)]
enum Waits {
    /// None: it has not resumed since its run was aborted.
    #[default]
    Nothing,
    /// The operation is enabled.
    Operation(Box<Pending>, Option<SharedCondition>),
    /// The end of another task.
    End(TaskId),
    /// Progress of other tasks: it runs in a loop.
    Others,
    /// Never.
    Forever,
}

/// The number of leaked tasks, and the last operation of the first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaked {
    pub(crate) tasks: usize,
    pub(crate) source: Option<&'static Location<'static>>,
}

impl Execution {
    fn aborted_task(&mut self) -> &mut AbortedTask {
        self.tasks[self.turn.current as usize].rare().aborted.get_or_insert_default()
    }

    /// Suspends the current task, which is aborted.
    fn suspend_aborted(&mut self, waits: Waits) -> Announced {
        self.aborted_task().waits = waits;
        Announced::Wait
    }

    /// Returns how the current task, which is aborted and does not unwind, continues: it unwinds,
    /// or waits forever if it has caught the panic too often.
    pub(super) fn unwind_again(&mut self) -> Announced {
        let task = self.aborted_task();
        task.catches += 1;
        if task.catches > MAX_CATCHES { self.suspend_aborted(Waits::Forever) } else { Announced::Raise }
    }

    /// Counts an operation of the current task, which is aborted. Returns whether it exceeds the
    /// maximum.
    fn exceeds_maximum(&mut self) -> bool {
        let task = self.aborted_task();
        task.operations += 1;
        task.operations > MAX_OPERATIONS
    }

    /// Announces an operation of the current task in an aborted run. It changes the state without
    /// an event.
    #[cold]
    pub(super) fn announce_aborted(
        &mut self,
        pending: &Pending,
        condition: Option<&SharedCondition>,
    ) -> Announced {
        self.tasks[self.turn.current as usize].rare().last = Some(pending.source);
        if !thread::panicking() {
            if pending.is_release() {
                self.apply(pending);
            }
            return self.unwind_again();
        }
        if self.exceeds_maximum() {
            return self.suspend_aborted(Waits::Forever);
        }
        if !self.is_enabled(pending, condition) {
            return self.suspend_aborted(Waits::Operation(Box::new(*pending), condition.cloned()));
        }
        self.apply(pending);
        Announced::Done
    }

    /// Makes the current task, whose run is aborted, wait for the end of `other`. `can_unwind`:
    /// whether it may unwind instead.
    pub(super) fn join_aborted(&mut self, other: TaskId, can_unwind: bool) -> Announced {
        if can_unwind && !thread::panicking() {
            return self.unwind_again();
        }
        self.suspend_aborted(Waits::End(other))
    }

    /// Counts a loop iteration of the current task, whose run is aborted, and suspends it.
    pub(super) fn spin_aborted(&mut self) -> Announced {
        if !thread::panicking() {
            return self.unwind_again();
        }
        let forever = self.exceeds_maximum();
        self.suspend_aborted(if forever { Waits::Forever } else { Waits::Others })
    }

    /// Returns the youngest aborted task that can resume, with its coroutine. Tasks that only
    /// wait for progress of others come last.
    pub(super) fn next_aborted(&mut self) -> Option<(TaskId, Coroutine)> {
        let can_resume = |loops: bool| {
            self.tasks.iter().rposition(|task| {
                task.coroutine.is_some()
                    && match task
                        .rare
                        .as_ref()
                        .and_then(|rare| rare.aborted.as_ref())
                        .map(|aborted| &aborted.waits)
                    {
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
        let task = can_resume(false).or_else(|| can_resume(true))?;
        let slot = &mut self.tasks[task];
        let coroutine = slot.coroutine.take()?;
        self.turn.current = task as TaskId;
        self.aborted_task().waits = Waits::Nothing;
        Some((task as TaskId, coroutine))
    }

    /// Leaks the tasks that could not be unwound.
    pub(super) fn leak_rest(&mut self) {
        for task in &mut self.tasks {
            let Some(coroutine) = task.coroutine.take() else { continue };
            coroutine.leak();
            let source = task.rare.as_ref().and_then(|rare| rare.last);
            let left = self.leaked.get_or_insert(Leaked { tasks: 0, source });
            left.tasks += 1;
        }
    }

    /// Discards the stacks of the tasks that have not ended. Nothing on them is dropped.
    pub(super) fn discard_rest(&mut self) {
        for task in &mut self.tasks {
            if let Some(coroutine) = task.coroutine.take() {
                self.stacks.put(coroutine.discard());
            }
        }
    }

    fn is_enabled(&self, pending: &Pending, condition: Option<&SharedCondition>) -> bool {
        pending.alternatives(&self.history.registry.states(pending), condition.map(|it| &**it)) > 0
    }

    /// Executes an operation of an aborted task, without an event.
    pub(super) fn apply(&mut self, pending: &Pending) {
        let before: LocationStates = self.history.registry.states(pending);
        let (footprint, after) = pending.outcome(self.turn.current, &before, 0, 1);
        for ((location, mode), after) in footprint.touched().zip(after) {
            if mode != Mode::Nothing {
                self.history.registry.set_state(location, after);
            }
        }
        let [state, second, third, ..] = before;
        self.turn.granted = Granted { before: state, after: after[0], second, third, choice: 0 };
    }
}
