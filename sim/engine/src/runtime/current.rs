//! Access of objects and tasks to the exploration that runs on this OS thread.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::rc::Rc;

use super::abort::raise;
use super::announce::Announced;
use super::condition;
use super::execution::Execution;
use super::perform::{choose, perform};
use super::wakes::send_wakes;
use crate::coroutine;
use crate::event::Phase;
use crate::event::{Fingerprint, LocationId, Pending, TaskId};
use crate::history::{CLOCK, New, foreign};
use crate::stateful::{Alike, Monitor, Signal, Unsupported};

thread_local! {
    // Not dropped with the OS thread: it is removed after each run, and access to a thread-local
    // without a destructor needs no check.
    pub(super) static EXECUTION: RefCell<Option<ManuallyDrop<Box<Execution>>>> = const { RefCell::new(None) };
    /// The number of deferred wakeups of all tasks. Nearly always 0.
    pub(super) static DEFERRED: Cell<usize> = const { Cell::new(0) };
}

/// Calls `action` with the exploration of this OS thread.
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

/// Whether an exploration is running on this OS thread.
pub(crate) fn exploring() -> bool {
    with_if_any(|_| ()).is_some()
}

/// Whether this run is recorded. False while the tasks of an aborted run unwind: their operations
/// are not events.
pub fn recording() -> bool {
    // The loads of a condition are not events.
    if condition::is_evaluating() {
        return false;
    }
    with_if_any(|execution| execution.settings.recording && !execution.end.aborting).unwrap_or(false)
}

/// The number of events that this run has executed.
pub fn step() -> usize {
    with_if_any(|execution| execution.history.trail.len()).unwrap_or(0)
}

/// The name of the current task's next event: the task's number, and the index of the event among
/// those of the task, from 1.
///
/// # Panics
///
/// Outside an exploration.
pub fn next_event() -> (u32, u32) {
    with(|execution| {
        let task = execution.turn.current;
        let done = execution.history.trail.task_clock(task).get(task as usize).copied().unwrap_or(0);
        (u32::from(task), done - execution.tasks[task as usize].pauses + 1)
    })
}

/// Calls `read` with the vector clock of the current task: for each task, the number of its events
/// that happen before the current task's next event. Includes the current task's own events. In a
/// search of execution graphs: that come before it in each order of the graph's events, by program
/// order, reads-from and the orders of objects.
///
/// # Panics
///
/// Outside an exploration.
pub fn causal_clock<R>(read: impl FnOnce(&[u32]) -> R) -> R {
    with(|execution| {
        let task = execution.turn.current;
        match execution.causal_clock_of_graph(task) {
            Some(clock) => read(&clock),
            None => read(execution.history.trail.task_clock(task)),
        }
    })
}

/// Records a digest of data that the current task has observed by other means than this crate's
/// objects. The check for shared state that instrumented futures hide from the engine compares it.
pub fn observed(digest: u64) {
    with_if_any(|execution| {
        let task = execution.turn.current;
        if let Some(observed) = &mut execution.comparison.observed
            && !execution.end.aborting
        {
            observed.push((task, digest));
        }
    });
}

/// Called before the current task polls an instrumented future.
pub(crate) fn pause(source: &'static Location<'static>) {
    send_wakes();
    let run = with_if_any(|execution| {
        execution.comparison.instrumented.get_or_insert(source);
        execution.comparison.pauses.then(|| execution.history.registry.run())
    });
    if let Some(run) = run.flatten() {
        perform(run, &Pending::pause(source));
        with_if_any(|execution| execution.tasks[execution.turn.current as usize].pauses += 1);
    }
}

/// The running task. `None` outside an exploration.
pub(crate) fn current_task() -> Option<TaskId> {
    with_if_any(|execution| execution.turn.current)
}

/// The maximum number of spurious wakeups of a task per condvar.
pub(crate) fn spurious_wakeups() -> u16 {
    with_if_any(|execution| execution.settings.spurious_wakeups).unwrap_or(0)
}

/// Whether the current task may return spuriously from another park.
pub(crate) fn may_park_spuriously() -> bool {
    with_if_any(|execution| {
        execution.tasks[execution.turn.current as usize].spurious_parks < execution.settings.spurious_wakeups
    })
    .unwrap_or(false)
}

/// Records that the current task has returned spuriously from a park.
pub(crate) fn note_spurious_park() {
    with_if_any(|execution| execution.tasks[execution.turn.current as usize].spurious_parks += 1);
}

/// Whether the current task's next weak compare-exchange fails spuriously: a choice, if the run
/// allows it.
#[track_caller]
pub(crate) fn fails_spuriously() -> bool {
    let may_fail = with_if_any(|execution| {
        let task = &execution.tasks[execution.turn.current as usize];
        !execution.end.aborting && task.spurious_failures < execution.settings.spurious_failures
    });
    let fails = may_fail == Some(true) && choose(2) == 1;
    if fails {
        with_if_any(|execution| {
            execution.tasks[execution.turn.current as usize].spurious_failures += 1;
        });
    }
    fails
}

/// The running task and the run's number. `None` outside an exploration.
pub(crate) fn current() -> Option<(TaskId, u64)> {
    with_if_any(|execution| (execution.turn.current, execution.history.registry.run()))
}

/// The current task's name in reports. `None` outside an exploration.
pub(super) fn current_task_name() -> Option<String> {
    with_if_any(|execution| execution.task_name(execution.turn.current))
}

/// The name given to the current task.
pub(crate) fn current_name() -> Option<String> {
    with_if_any(|execution| execution.tasks[execution.turn.current as usize].name().cloned())?
}

/// The latest time, in nanoseconds, that the current task has observed: the time of the last event
/// on the clock that happens before its next event. No event: it is the same in all schedules of a
/// class. `None` outside an exploration.
pub(crate) fn known_time() -> Option<u64> {
    with_if_any(|execution| {
        let task = execution.turn.current;
        match &mut execution.state {
            Some(state) => state.observe_time(task),
            None => match execution.is_search_of_graphs() {
                true => execution.last_known_in_graph(task, CLOCK).unwrap_or(0),
                false => execution.history.trail.last_known(task, CLOCK).unwrap_or(0),
            },
        }
    })
}

/// Declares the scripts that the current task spawns next as symmetric.
pub(crate) fn begin_scripts(scripts: Vec<Alike>) {
    with_if_any(|execution| {
        if let Some(state) = &mut execution.state {
            state.begin_scripts(scripts);
        }
    });
}

/// The current task starts to run a future.
pub(crate) fn begin_future(signal: Signal) {
    with_if_any(|execution| {
        if let Some(state) = &mut execution.state {
            state.begin_future(execution.turn.current, signal);
        }
    });
}

/// The current task has run a future to completion.
pub(crate) fn end_future() {
    with_if_any(|execution| {
        if let Some(state) = &mut execution.state {
            state.end_future(execution.turn.current);
        }
    });
}

/// The current task has completed `done` operations of its script, and retains no state from them.
/// `script` is the index of the script among symmetric ones, if any.
pub(crate) fn boundary(done: usize, script: Option<usize>) {
    send_wakes();
    with_if_any(|execution| {
        let task = execution.turn.current;
        if let Some(state) = &mut execution.state {
            let its = &mut execution.tasks[task as usize];
            (its.objects, its.children) = (0, 0);
            (its.spurious_parks, its.spurious_failures) = (0, 0);
            state.boundary(task, done as u32 + 1, script);
        }
    });
}

/// Sets the monitor of this run.
pub(crate) fn set_monitor(monitor: Rc<dyn Monitor>) {
    with_if_any(|execution| execution.monitor = Some(monitor));
}

/// Whether the run computes states.
#[inline]
fn has_states(execution: &Execution) -> bool {
    execution.state.is_some() && !execution.end.aborting
}

/// The current task reads the contents of an object to which it has exclusive access.
pub(super) fn read_contents(location: LocationId) {
    with_if_any(|execution| {
        if has_states(execution)
            && let Some(state) = &mut execution.state
        {
            state.read_contents(execution.turn.current, location, &execution.history.registry);
        }
    });
}

/// Aborts the run, because a search of states does not support an operation of it.
pub(crate) fn refuse(unsupported: Unsupported) {
    with_if_any(|execution| {
        if has_states(execution) {
            execution.refuse(unsupported);
        }
    });
}

/// The object will not be used again.
pub(super) fn forget(run: u64, location: LocationId) {
    EXECUTION.with(|execution| {
        if let Ok(mut execution) = execution.try_borrow_mut()
            && let Some(execution) = execution.as_mut()
            && has_states(execution)
            && run == execution.history.registry.run()
            && let Some(state) = &mut execution.state
        {
            state.forget(location);
        }
    });
}

/// Reports the contents of the location of this key, or of the object itself. `value` computes them
/// if the run computes states.
pub(super) fn report_contents(object: LocationId, key: Option<u64>, value: impl Fn() -> Fingerprint) {
    with_if_any(|execution| {
        if has_states(execution)
            && let Some(state) = &mut execution.state
        {
            let location = key.map_or(object, |key| execution.history.registry.key(object, key));
            state.set_value(location, value, &execution.history.registry);
        }
    });
}

/// The current task may have changed the contents of a key of an object.
pub(super) fn change(object: LocationId, key: u64) {
    with_if_any(|execution| {
        if has_states(execution)
            && let Some(state) = &mut execution.state
        {
            let location = execution.history.registry.key(object, key);
            state.may_have_changed(execution.turn.current, location, &execution.history.registry);
        }
    });
}

/// Whether the task has ended. Its last operation may be any operation of its own or of a task that
/// it joined, so the caller must perform an opaque event first.
pub(crate) fn has_ended(task: TaskId) -> bool {
    with(|execution| execution.tasks[task as usize].phase == Phase::Ended)
}

/// Makes the operations of the current task opaque, or not. Returns the previous setting.
pub(crate) fn set_unseen(unseen: bool) -> bool {
    with_if_any(|execution| {
        let task = &mut execution.tasks[execution.turn.current as usize];
        std::mem::replace(&mut task.unseen, unseen)
    })
    .unwrap_or(false)
}

/// Discards the stacks of tasks that have not ended when a run is abandoned, instead of unwinding
/// them.
pub(crate) fn discard_when_abandoned() {
    with_if_any(|execution| execution.settings.discards = true);
}

/// The current task serves the others: the run may end while it waits.
pub(crate) fn serve() {
    with_if_any(|execution| execution.tasks[execution.turn.current as usize].serves = true);
}

/// Describes the last event in the trace of a run that is [recorded](recording), with the line that
/// has caused it.
pub(crate) fn annotate(source: &'static Location<'static>, text: String) {
    with_if_any(|execution| {
        let position = execution.record.len().saturating_sub(1);
        execution.annotations.insert(position, (source, text));
    });
}

/// Sets the name of a location whose state is not shown.
pub(crate) fn set_name(location: LocationId, name: &'static str) {
    with_if_any(|execution| execution.history.registry.set_plain_name(location, name));
}

/// The state of a location.
pub(crate) fn state(location: LocationId) -> u64 {
    with_if_any(|execution| execution.history.registry.state(location)).unwrap_or(0)
}

/// Sets the state of a location without an event, and its name if given.
pub(crate) fn set_state(location: LocationId, state: u64, name: Option<&'static str>) {
    with_if_any(|execution| {
        execution.history.registry.set_state(location, state);
        if let Some(name) = name {
            execution.history.registry.set_name(location, name, |word| format!("{word:#x}"));
        }
    });
}

/// Counts an iteration of a loop of the current task. Does not return after too many.
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
        let task = execution.turn.current;
        let creator = &mut execution.tasks[task as usize];
        creator.objects += 1;
        let nth = creator.objects - 1;
        let segment = execution.state.as_ref().map_or(0, |state| state.segment(task));
        let location = execution.history.registry.object(task, segment, nth, new);
        if let Some(state) = &mut execution.state {
            state.created(location, task, nth, &mut execution.history.registry);
        }
        (location, execution.history.registry.run())
    })
}

pub(super) fn check_run(execution: &Execution, run: u64) {
    if run != execution.history.registry.run() {
        wrong_run();
    }
}

#[cold]
fn wrong_run() -> ! {
    panic!(
        "this object was not created in this run. Each run must create its own objects: create it inside \
         the explored body, and not in a static, a captured variable or another run"
    );
}

/// Checks that an object that was created in run `run` may be used now.
pub(super) fn check(run: u64, source: Option<&'static Location<'static>>) {
    if with_if_any(|execution| check_run(execution, run)).is_none() && run != 0 {
        foreign::refuse_use(run, source);
    }
}

/// The location of one key of an object that was created in run `run`. `None` outside an
/// exploration.
pub(super) fn key_location(run: u64, object: LocationId, key: u64) -> Option<LocationId> {
    let key = with_if_any(|execution| {
        check_run(execution, run);
        execution.history.registry.key(object, key)
    });
    if key.is_none() && run != 0 {
        foreign::refuse_use(run, None);
    }
    key
}

/// The first location of an object's items. `None` outside an exploration.
pub(super) fn item_locations(run: u64, object: LocationId) -> Option<LocationId> {
    let items = with_if_any(|execution| {
        check_run(execution, run);
        execution.history.registry.items(object)
    });
    if items.is_none() && run != 0 {
        foreign::refuse_use(run, None);
    }
    items
}

/// Records an evaluation of a `sometimes` condition.
pub(crate) fn sometimes(name: &'static str, holds: bool) {
    with_if_any(|execution| {
        if !execution.end.aborting && !execution.end.finishing {
            execution.sometimes.note(name, holds);
        }
    });
}
