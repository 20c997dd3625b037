//! The life cycle of runs and tasks: start, spawn, join, end and abort.

use std::io;
use std::mem::{self, ManuallyDrop};
use std::panic::{self, AssertUnwindSafe};
use std::thread;

use super::abort::raise;
use super::announce::Announced;
use super::current::{EXECUTION, with, with_if_any};
use super::ending::Ending;
use super::execution::Execution;
use super::panics::{self, PanicReport, describe_payload};
use super::quiet;
use super::wakes::send_wakes;
use crate::coroutine::{self, Coroutine, Frame, Label};
use crate::event::Phase;
use crate::event::TaskId;
use crate::strategy::tasks_of;

/// Runs `body` once as the main task of the exploration `execution`. Returns how the run ended.
/// `body` must record its panic: see [`finish_panicked`].
pub(crate) fn run(execution: Box<Execution>, body: impl FnOnce() + 'static) -> (Box<Execution>, Ending) {
    EXECUTION.with(|slot| {
        let outer = slot.borrow_mut().replace(ManuallyDrop::new(execution));
        debug_assert!(outer.is_none(), "a search begins outside of all others");
    });
    let entered = Entered;
    panics::forget();
    let frame = with(|execution| {
        execution.begin_run();
        execution.add_task(None, None);
        execution.stacks.take(0)
    });
    let (main, ended) = start(frame, Label { task: 0, name: None }, body);
    let mut next_task = with(|execution| {
        execution.leave(0, main, ended);
        execution.decide_and_begin()
    });
    loop {
        let Some((task, mut coroutine)) = next_task else {
            if !quiet::release() {
                break;
            }
            next_task = with(Execution::decide_and_begin);
            continue;
        };
        let ended = coroutine.resume();
        let (joiners, next) = with(|execution| match execution.leave(task, coroutine, ended) {
            // A suspended task has already decided which task is next.
            0 if !ended => (0, execution.begin_next()),
            0 => (0, execution.decide_and_begin()),
            joiners => (joiners, None),
        });
        next_task = next;
        if joiners != 0 {
            resume_joiners(task, joiners);
            next_task = with(Execution::decide_and_begin);
        }
    }
    let ending = with(|execution| {
        execution.find_races_of_blocked();
        let foreign_use = execution.history.registry.foreign_use();
        foreign_use.map_or_else(|| execution.ending(), Ending::Nondeterministic)
    });
    // Tasks that serve others may be left when a run is complete.
    if ending != Ending::Complete || with(|execution| execution.settings.discards) {
        abort_rest();
    }
    mem::forget(entered);
    let execution = EXECUTION.with(|slot| slot.borrow_mut().take()).expect("the exploration of this thread");
    execution.pulse.stop();
    (ManuallyDrop::into_inner(execution), ending)
}

/// On an internal error of the engine, ends the exploration, so that the OS thread can be used for
/// others.
struct Entered;

impl Drop for Entered {
    fn drop(&mut self) {
        // Its tasks are in arbitrary positions and cannot be unwound, so the exploration is leaked.
        EXECUTION.with(|slot| match slot.try_borrow_mut() {
            Ok(mut slot) => drop(slot.take().map(|execution| execution.pulse.stop())),
            Err(_) => eprintln!("selvedge-engine: no further exploration is possible on this thread"),
        });
    }
}

/// Spawns a task with a stack of at least `stack_size` bytes, and runs it up to its first
/// announcement. Returns the numbers of the task and of the run.
pub(crate) fn spawn(name: Option<String>, stack_size: usize, body: impl FnOnce() + 'static) -> (TaskId, u64) {
    send_wakes();
    unwind_if_aborted();
    let label_name = name.as_deref().map(Box::from);
    let (parent, task, frame) = with(|execution| {
        let parent = execution.turn.current;
        let task = execution.add_task(Some(parent), name);
        execution.turn.current = task;
        (parent, task, execution.stacks.take(stack_size))
    });
    let (coroutine, ended) = start(frame, Label { task, name: label_name }, body);
    with(|execution| {
        // No task can wait for its end yet.
        execution.leave(task, coroutine, ended);
        execution.turn.current = parent;
        (task, execution.history.registry.run())
    })
}

fn start(frame: io::Result<Frame>, label: Label, body: impl FnOnce() + 'static) -> (Coroutine, bool) {
    let frame = frame.expect("no memory for a task's stack");
    let mut coroutine = Coroutine::new(frame, label, || contain(body));
    let ended = coroutine.resume();
    (coroutine, ended)
}

/// Runs a task to its end. If the run is aborted, its body ends with a panic.
fn contain(body: impl FnOnce()) {
    let Err(payload) = panic::catch_unwind(AssertUnwindSafe(body)) else { return };
    if !aborting() {
        let PanicReport { message, location } = describe_payload(payload.as_ref());
        eprintln!("selvedge-engine: an error of the engine, at {location}: {message}");
        panic::resume_unwind(payload);
    }
    // Dropping the payload may also panic.
    if let Err(another) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(another);
    }
}

/// Unwinds the current task if its run is aborted and it does not unwind yet.
pub(crate) fn unwind_if_aborted() {
    while aborting() && !thread::panicking() {
        continue_aborted(with(Execution::unwind_again));
    }
}

/// Continues the current task, whose run is aborted, as `announced` says.
pub(super) fn continue_aborted(announced: Announced) {
    match announced {
        Announced::Wait => coroutine::suspend(),
        Announced::Raise => raise(),
        Announced::Done | Announced::SendWakes => {}
    }
}

/// Resumes the tasks in the bit set `joiners`, which waited for the end of `task`, up to their next
/// announcement.
///
/// They resume in the order of their spawn in this run. Task numbers would give another order: they
/// belong to the whole exploration, and differ when a schedule is replayed alone.
pub(super) fn resume_joiners(task: TaskId, joiners: u64) {
    let mut waiting: Vec<TaskId> = tasks_of(joiners).collect();
    if waiting.len() > 1 {
        with(|execution| waiting.sort_by_key(|&joiner| execution.order(joiner)));
    }
    for joiner in waiting {
        let coroutine = with(|execution| {
            execution.joined(joiner, task);
            let joining = &mut execution.tasks[joiner as usize];
            joining.phase = Phase::Starting;
            execution.turn.current = joiner;
            joining.coroutine.take()
        });
        if let Some(mut coroutine) = coroutine {
            let ended = coroutine.resume();
            let its = with(|execution| execution.leave(joiner, coroutine, ended));
            resume_joiners(joiner, its);
        }
    }
}

/// Waits for the end of `other`. Takes the panic of `other`, if it has panicked and no task has
/// taken its result: the caller handles it, and it is not an outcome of the run.
pub(crate) fn join(other: TaskId) -> Option<PanicReport> {
    wait_for_end_of(other, true);
    take_panic(other)
}

/// Like [`join`], for a task that borrows from the caller: the caller does not unwind before the
/// task has ended.
pub(crate) fn join_scoped(other: TaskId) -> Option<PanicReport> {
    wait_for_end_of(other, false);
    take_panic(other)
}

fn wait_for_end_of(other: TaskId, can_unwind: bool) {
    if can_unwind {
        send_wakes();
    } else if !aborting() {
        // The join of a borrowing task must not be skipped.
        let sent = panic::catch_unwind(send_wakes);
        drop(sent);
    }
    loop {
        match with(|execution| execution.waits_for_end_of(other, can_unwind)) {
            Announced::Done | Announced::SendWakes => return,
            announced => continue_aborted(announced),
        }
        let is_joined = with(|execution| !execution.end.aborting);
        if is_joined {
            return;
        }
    }
}

/// Takes the panic of `other`, like [`join`], once it has ended.
pub(crate) fn take_panic(other: TaskId) -> Option<PanicReport> {
    with(|execution| execution.tasks[other as usize].take_panic())
}

/// Records the panic that ended the current task.
pub(crate) fn finish_panicked(report: PanicReport) {
    with(|execution| {
        let task = execution.turn.current;
        execution.end.first_panic.get_or_insert_with(|| (task, report.clone()));
        execution.tasks[task as usize].rare().panicked = Some(report);
    });
}

/// Whether the run is aborted: unwinding is then not an outcome of the run.
pub(crate) fn aborting() -> bool {
    with_if_any(|execution| execution.end.aborting).unwrap_or(false)
}

/// Unwinds the tasks that have not ended, so that the values on their stacks are dropped.
fn abort_rest() {
    if with(|execution| execution.settings.discards) {
        return with(Execution::discard_rest);
    }
    with(|execution| {
        execution.settle_states_of_graph();
        execution.end.aborting = true;
    });
    while let Some((task, mut coroutine)) = with(Execution::next_aborted) {
        let ended = coroutine.resume();
        with(|execution| execution.leave(task, coroutine, ended));
    }
    with(|execution| {
        execution.leak_rest();
        execution.end.aborting = false;
    });
}
