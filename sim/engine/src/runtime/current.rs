//! The exploration that is going on on this OS thread, as objects and tasks ask it.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::rc::Rc;

use super::abort::raise;
use super::announce::Announced;
use super::condition;
use super::execution::Execution;
use super::perform::perform;
use super::task::Phase;
use super::wakes::send_wakes;
use crate::coroutine;
use crate::event::{Fingerprint, LocationId, Pending, TaskId};
use crate::history::{CLOCK, New, foreign};
use crate::stateful::{Alike, Monitor, Signal, Unfit};

thread_local! {
    // Not dropped with the OS thread: it is taken out again after each run, and a thread-local that has nothing to drop
    // costs no check at each access.
    pub(super) static EXECUTION: RefCell<Option<ManuallyDrop<Box<Execution>>>> = const { RefCell::new(None) };
    /// How many wake-ups the tasks have called for and not yet sent. Nearly always none.
    pub(super) static DEFERRED: Cell<usize> = const { Cell::new(0) };
}

/// Runs `action` on the exploration of this OS thread.
///
/// # Panics
///
/// If there is none.
pub(super) fn with<R>(action: impl FnOnce(&mut Execution) -> R) -> R {
    with_if_any(action).expect("this works only inside an exploration")
}

#[inline]
pub(super) fn with_if_any<R>(action: impl FnOnce(&mut Execution) -> R) -> Option<R> {
    EXECUTION.with(|execution| match execution.try_borrow_mut() {
        Ok(mut execution) => execution.as_mut().map(|execution| action(execution)),
        Err(_) => condition::refuse(),
    })
}

/// Whether an exploration is going on on this OS thread.
pub(crate) fn exploring() -> bool {
    with_if_any(|_| ()).is_some()
}

/// Whether this run is one to be shown.
pub fn recording() -> bool {
    with_if_any(|execution| execution.recording).unwrap_or(false)
}

/// How many events this run has executed.
pub fn step() -> usize {
    with_if_any(|execution| execution.trail.len()).unwrap_or(0)
}

/// The name of the current task's next event: the task's number, and which of its events it is, from 1.
///
/// # Panics
///
/// Outside an exploration.
pub fn next_event() -> (u32, u32) {
    with(|execution| {
        let task = execution.current;
        let done = execution.trail.task_clock(task).get(task as usize).copied().unwrap_or(0);
        (u32::from(task), done - execution.tasks[task as usize].pauses + 1)
    })
}

/// Hands to `read` the vector clock of the current task: of each task, how many of its events happen before whatever the
/// current task does next, its own events included.
///
/// # Panics
///
/// Outside an exploration.
pub fn causal_clock<R>(read: impl FnOnce(&[u32]) -> R) -> R {
    with(|execution| read(execution.trail.task_clock(execution.current)))
}

/// Says what the current task has observed by other means than this crate's objects, as a digest: it is compared where
/// instrumented futures are checked for state that the engine does not see.
pub fn observed(digest: u64) {
    with_if_any(|execution| {
        let task = execution.current;
        if let Some(observed) = &mut execution.observed
            && !execution.aborting
        {
            observed.push((task, digest));
        }
    });
}

/// The current task is about to poll an instrumented future.
pub(crate) fn pause(source: &'static Location<'static>) {
    send_wakes();
    let run = with_if_any(|execution| {
        execution.instrumented.get_or_insert(source);
        execution.pauses.then(|| execution.registry.run())
    });
    if let Some(run) = run.flatten() {
        perform(run, &Pending::pause(source));
        with_if_any(|execution| execution.tasks[execution.current as usize].pauses += 1);
    }
}

/// The task that is running. `None` outside an exploration.
pub(crate) fn current_task() -> Option<TaskId> {
    with_if_any(|execution| execution.current)
}

/// How often a task's wait for one condvar may end for no reason in this run.
pub(crate) fn spurious_wakeups() -> u16 {
    with_if_any(|execution| execution.spurious_wakeups).unwrap_or(0)
}

/// Whether the current task may return once more from a park with no unpark.
pub(crate) fn may_park_spuriously() -> bool {
    with_if_any(|execution| {
        execution.tasks[execution.current as usize].spurious_parks < execution.spurious_wakeups
    })
    .unwrap_or(false)
}

/// The current task has returned from a park with no unpark.
pub(crate) fn note_spurious_park() {
    with_if_any(|execution| execution.tasks[execution.current as usize].spurious_parks += 1);
}

/// The task that is running, and the run's number. `None` outside an exploration.
pub(crate) fn current() -> Option<(TaskId, u64)> {
    with_if_any(|execution| (execution.current, execution.registry.run()))
}

/// How reports call the current task. `None` outside an exploration.
pub(super) fn current_task_name() -> Option<String> {
    with_if_any(|execution| execution.task_name(execution.current))
}

/// The name that the current task was given.
pub(crate) fn current_name() -> Option<String> {
    with_if_any(|execution| execution.tasks[execution.current as usize].name().cloned())?
}

/// The latest time that the current task knows of: what the clock was left at by the last of all that happens before what
/// it does next. No event: it is the same in all schedules of a class. `None` outside an exploration.
pub(crate) fn known_time() -> Option<u64> {
    with_if_any(|execution| {
        let task = execution.current;
        match &mut execution.state {
            Some(state) => state.tell_time(task),
            None => execution.trail.last_known(task, CLOCK).unwrap_or(0),
        }
    })
}

/// The scripts that the current task is about to spawn can take each other's places.
pub(crate) fn begin_scripts(scripts: Vec<Alike>) {
    with_if_any(|execution| {
        if let Some(state) = &mut execution.state {
            state.begin_scripts(scripts);
        }
    });
}

/// The current task begins to run a future.
pub(crate) fn begin_future(signal: Signal) {
    with_if_any(|execution| {
        if let Some(state) = &mut execution.state {
            state.begin_future(execution.current, signal);
        }
    });
}

/// The current task has run a future to its end.
pub(crate) fn end_future() {
    with_if_any(|execution| {
        if let Some(state) = &mut execution.state {
            state.end_future(execution.current);
        }
    });
}

/// The current task has done so many operations of its script, and remembers nothing of them. The script has this place among
/// those that can take each other's places, if they can.
pub(crate) fn boundary(done: usize, script: Option<usize>) {
    send_wakes();
    with_if_any(|execution| {
        let task = execution.current;
        if let Some(state) = &mut execution.state {
            let its = &mut execution.tasks[task as usize];
            (its.objects, its.children, its.spurious_parks) = (0, 0, 0);
            state.boundary(task, done as u32 + 1, script);
        }
    });
}

/// This run has a monitor from here on.
pub(crate) fn set_monitor(monitor: Rc<dyn Monitor>) {
    with_if_any(|execution| execution.monitor = Some(monitor));
}

/// Whether the states of the run are of interest.
#[inline]
fn has_states(execution: &Execution) -> bool {
    execution.state.is_some() && !execution.aborting
}

/// The current task looks at what an object of its own holds.
pub(super) fn look(location: LocationId) {
    with_if_any(|execution| {
        if has_states(execution)
            && let Some(state) = &mut execution.state
        {
            state.looked(execution.current, location, &execution.registry);
        }
    });
}

/// The current task does something that a search of states cannot have.
pub(crate) fn refuse(unfit: Unfit) {
    with_if_any(|execution| {
        if has_states(execution) {
            execution.refuse(unfit);
        }
    });
}

/// Nobody will touch the object any more.
pub(super) fn forget(run: u64, location: LocationId) {
    EXECUTION.with(|execution| {
        if let Ok(mut execution) = execution.try_borrow_mut()
            && let Some(execution) = execution.as_mut()
            && has_states(execution)
            && run == execution.registry.run()
            && let Some(state) = &mut execution.state
        {
            state.forget(location);
        }
    });
}

/// What the location of this key holds, or the object itself, is this from here on: `value` says it, if states are of
/// interest.
pub(super) fn settle(object: LocationId, key: Option<u64>, value: impl Fn() -> Fingerprint) {
    with_if_any(|execution| {
        if has_states(execution)
            && let Some(state) = &mut execution.state
        {
            let location = key.map_or(object, |key| execution.registry.key(object, key));
            state.settle(location, value, &execution.registry);
        }
    });
}

/// What this key of an object holds may have been changed by the current task.
pub(super) fn change(object: LocationId, key: u64) {
    with_if_any(|execution| {
        if has_states(execution)
            && let Some(state) = &mut execution.state
        {
            let location = execution.registry.key(object, key);
            state.meddled(execution.current, location, &execution.registry);
        }
    });
}

/// Whether the task has ended. What it did last may be any operation of its own or of one that it joined: this must come
/// after an opaque event.
pub(crate) fn has_ended(task: TaskId) -> bool {
    with(|execution| execution.tasks[task as usize].phase == Phase::Ended)
}

/// From now on the operations of the current task are opaque, or not. Returns what was so before.
pub(crate) fn set_unseen(unseen: bool) -> bool {
    with_if_any(|execution| {
        let task = &mut execution.tasks[execution.current as usize];
        std::mem::replace(&mut task.unseen, unseen)
    })
    .unwrap_or(false)
}

/// The current task has gone round in a loop once more. Does not return if it has too often.
pub(crate) fn spin(source: &'static Location<'static>) {
    let announced = with_if_any(|execution| execution.spin(source));
    if let Some(Announced::Wait) = announced {
        coroutine::suspend();
    }
    if let Some(Announced::Raise) = announced {
        raise();
    }
}

/// Registers an object of the current task. `None` outside an exploration.
pub(super) fn register(new: New) -> Option<(LocationId, u64)> {
    with_if_any(|execution| {
        let task = execution.current;
        let creator = &mut execution.tasks[task as usize];
        creator.objects += 1;
        let nth = creator.objects - 1;
        let segment = execution.state.as_ref().map_or(0, |state| state.segment(task));
        let location = execution.registry.object(task, segment, nth, new);
        if let Some(state) = &mut execution.state {
            state.created(location, task, nth, &mut execution.registry);
        }
        (location, execution.registry.run())
    })
}

pub(super) fn check_run(execution: &Execution, run: u64) {
    if run != execution.registry.run() {
        wrong_run();
    }
}

#[cold]
fn wrong_run() -> ! {
    panic!(
        "this object was not made in this run. Every run must make its own: create it inside the explored body, and not in \
         a static, in a captured variable or in another run"
    );
}

/// Checks that an object that was made in run `run` may be used now.
pub(super) fn check(run: u64, source: Option<&'static Location<'static>>) {
    if with_if_any(|execution| check_run(execution, run)).is_none() && run != 0 {
        foreign::refuse_intrusion(run, source);
    }
}

/// The location of one key of an object that was made in run `run`. `None` outside an exploration.
pub(super) fn key_location(run: u64, object: LocationId, key: u64) -> Option<LocationId> {
    let key = with_if_any(|execution| {
        check_run(execution, run);
        execution.registry.key(object, key)
    });
    if key.is_none() && run != 0 {
        foreign::refuse_intrusion(run, None);
    }
    key
}

/// The first of the locations of an object's items. `None` outside an exploration.
pub(super) fn item_locations(run: u64, object: LocationId) -> Option<LocationId> {
    let items = with_if_any(|execution| {
        check_run(execution, run);
        execution.registry.items(object)
    });
    if items.is_none() && run != 0 {
        foreign::refuse_intrusion(run, None);
    }
    items
}

/// Notes whether a condition that should hold at some time holds now.
pub(crate) fn sometimes(name: &'static str, holds: bool) {
    with_if_any(|execution| {
        if !execution.aborting && !execution.finishing {
            execution.sometimes.note(name, holds);
        }
    });
}
