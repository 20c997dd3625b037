//! The lives of tasks: a run from its beginning to its end, what is spawned and joined in it, and what is left of it.

use std::io;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use super::current::{EXECUTION, with, with_if_any};
use super::ending::Ending;
use super::execution::Execution;
use super::panics::PanicReport;
use super::quiet;
use super::task::Phase;
use super::wakes::{catch_up, send_wakes};
use crate::coroutine::{self, Coroutine, Frame};
use crate::event::TaskId;

/// Runs `body` once as the main task, on the exploration `execution`, and says how it ended.
pub(crate) fn run(execution: Box<Execution>, body: Rc<dyn Fn()>) -> (Box<Execution>, Ending) {
    EXECUTION.with(|slot| {
        let outer = slot.borrow_mut().replace(ManuallyDrop::new(execution));
        assert!(outer.is_none(), "an exploration cannot be started inside another");
    });
    let frame = with(|execution| {
        execution.begin_run();
        execution.add_task(None, None);
        execution.stacks.take(0)
    });
    let (main, ended) = start(frame, move || {
        // Its panic is the run's ending already.
        crate::thread::live(move || body(), drop);
    });
    let mut turn = with(|execution| {
        execution.leave(0, main, ended);
        execution.next_turn()
    });
    loop {
        let Some((task, mut coroutine)) = turn else {
            if !quiet::release() {
                break;
            }
            turn = with(Execution::next_turn);
            continue;
        };
        let ended = coroutine.resume();
        let (joiners, next) = with(|execution| match execution.leave(task, coroutine, ended) {
            // Who is suspended has asked already whose turn it is.
            0 if !ended => (0, execution.begin_turn()),
            0 => (0, execution.next_turn()),
            joiners => (joiners, None),
        });
        turn = next;
        if joiners != 0 {
            resume_joiners(task, joiners);
            turn = with(Execution::next_turn);
        }
    }
    let ending = with(|execution| {
        execution.find_races_of_blocked();
        execution.ending()
    });
    if ending != Ending::Complete {
        abandon_rest();
    }
    let execution =
        EXECUTION.with(|slot| slot.borrow_mut().take()).expect("the exploration that was put there");
    (ManuallyDrop::into_inner(execution), ending)
}

/// Spawns a task, with a stack of at least so many bytes: it runs at once up to its first announcement. Returns its number
/// and the run's.
pub(crate) fn spawn(name: Option<String>, stack_size: usize, body: impl FnOnce() + 'static) -> (TaskId, u64) {
    catch_up();
    send_wakes();
    let (parent, task, frame) = with(|execution| {
        let parent = execution.current;
        let task = execution.add_task(Some(parent), name);
        execution.current = task;
        (parent, task, execution.stacks.take(stack_size))
    });
    let (coroutine, ended) = start(frame, body);
    with(|execution| {
        // Nobody waits for its end yet.
        execution.leave(task, coroutine, ended);
        execution.current = parent;
        (task, execution.registry.run())
    })
}

fn start(frame: io::Result<Frame>, body: impl FnOnce() + 'static) -> (Coroutine, bool) {
    let frame = frame.expect("no memory for a task's stack");
    let mut coroutine = Coroutine::new(frame, body);
    let ended = coroutine.resume();
    (coroutine, ended)
}

/// `task` has ended: those that waited for it, a bit for each, go on to their next announcement.
pub(super) fn resume_joiners(task: TaskId, mut joiners: u64) {
    while joiners != 0 {
        let joiner = joiners.trailing_zeros() as TaskId;
        joiners &= joiners - 1;
        let coroutine = with(|execution| {
            execution.joined(joiner, task);
            let joining = &mut execution.tasks[joiner as usize];
            joining.phase = Phase::Starting;
            execution.current = joiner;
            joining.coroutine.take()
        });
        if let Some(mut coroutine) = coroutine {
            let ended = coroutine.resume();
            let its = with(|execution| execution.leave(joiner, coroutine, ended));
            resume_joiners(joiner, its);
        }
    }
}

/// Waits for the end of `other`, unless the task cannot wait because it unwinds. Takes the panic of `other`, if it has
/// panicked and nobody has asked for its result: it is the caller's to judge, and no longer an outcome of the run.
pub(crate) fn join(other: TaskId) -> Option<PanicReport> {
    catch_up();
    send_wakes();
    let waits = with(|execution| execution.waits_for_end_of(other));
    if waits {
        coroutine::suspend();
    }
    take_panic(other)
}

/// Takes the panic of `other`, as [`join`] does, once it has ended.
pub(crate) fn take_panic(other: TaskId) -> Option<PanicReport> {
    with(|execution| execution.tasks[other as usize].take_panic())
}

/// The current task has panicked.
pub(crate) fn finish_panicked(report: PanicReport) {
    with(|execution| {
        let task = execution.current as usize;
        execution.tasks[task].rare().panicked = Some(report);
    });
}

/// Whether the tasks of the run are being given up, so that an unwinding is not a panic.
pub(crate) fn abandoning() -> bool {
    with_if_any(|execution| execution.abandoning && execution.survivor != Some(execution.current))
        .unwrap_or(false)
}

/// Drops what is left on the stacks of tasks that have not ended.
fn abandon_rest() {
    with(|execution| {
        execution.abandoning = true;
        execution.survivor = None;
    });
    abandon_suspended();
    with(|execution| execution.abandoning = false);
}

/// Unwinds the tasks that stand still, the youngest first.
pub(super) fn abandon_suspended() {
    let current = with(|execution| execution.current);
    loop {
        let coroutine = with(|execution| {
            let task = execution.youngest_suspended()?;
            execution.current = task;
            execution.tasks[task as usize].coroutine.take()
        });
        let Some(coroutine) = coroutine else { break };
        let frame = coroutine.abandon();
        with(|execution| execution.stacks.put(frame));
    }
    with(|execution| execution.current = current);
}
