//! The tasks of the program: threads on the engine's tasks.

use std::ffi::c_void;
use std::panic::Location;

use selvedge_engine::native;

use crate::outside::{explorer, outside};
use crate::{coroutine_stack, lend, program, region};

/// The function of a thread.
pub(crate) type Start = extern "C" fn(*mut c_void) -> *mut c_void;

/// The destructor of a thread-local.
type Destructor = unsafe extern "C" fn(*mut c_void);

/// A loop that reads the same value again and again.
#[derive(Clone, Copy)]
pub(crate) struct Probe {
    pub(crate) site: u64,
    pub(crate) source: &'static Location<'static>,
    pub(crate) iterations: u32,
    /// Whether the last call of this library was the read of the loop.
    pub(crate) is_last: bool,
}

/// A task in the current run.
#[derive(Default)]
pub(crate) struct Task {
    /// Its thread control block, which is also its `pthread_t`. 0 if it was not started.
    pub(crate) block: usize,
    /// The task that started it, and its index among all tasks of the run.
    pub(crate) parent: usize,
    /// std's own reference counts that the task has changed since it started another.
    pub(crate) counted: Vec<usize>,
    /// Those that its parent changed to start it.
    pub(crate) counts_of_spawn: Vec<usize>,
    pub(crate) has_ended: bool,
    /// The task that has joined it.
    pub(crate) joined_by: Option<usize>,
    /// The message and the place of its last panic.
    pub(crate) panic: Option<(String, String)>,
    /// The destructors of its thread-locals.
    destructors: Vec<(Destructor, usize)>,
    /// Its last read: the site, the address and the value.
    pub(crate) last_read: Option<(u64, usize, u64)>,
    /// The repetitions of its last read while the task was alone.
    pub(crate) repetitions: u32,
    /// The loop that it runs alone, to find whether it ends by itself.
    pub(crate) probe: Option<Probe>,
    /// The number of its time-outs that could pass at any point.
    pub(crate) early_timeouts: u32,
    /// The addresses of the `RwLock`s that it holds shared.
    pub(crate) shared: Vec<usize>,
    /// The number of random words that it has received.
    pub(crate) randoms: u64,
}

impl Task {
    pub(crate) fn forget(&mut self) {
        if self.block != 0 {
            let destructors = std::mem::take(&mut self.destructors);
            *self = Task { destructors, ..Task::default() };
            self.destructors.clear();
        }
    }
}

/// The code of a task, which runs in its region.
struct Body {
    start: Start,
    argument: *mut c_void,
}

/// Runs the body of the current task in its region. Runs outside of it. `started` is called with
/// the control block before the body.
pub(crate) fn run(
    start: Start,
    argument: *mut c_void,
    (parent, counts): (usize, Vec<usize>),
    started: impl FnOnce(usize),
) {
    let task = program::current();
    let block = lend::control_block(task);
    program::with_task(|its| {
        its.block = block;
        its.parent = parent;
        its.counts_of_spawn = counts;
    });
    started(block);
    let mut body = Body { start, argument };
    let own = explorer();
    // SAFETY: the stack is the task's own, and no other task of the run has this number. The
    // control block's thread sleeps forever. `own` is the current control block: the engine resumes
    // tasks on the OS thread that explores. `enter` does not unwind: a thread's function catches
    // panics, and the main task's function too.
    unsafe { coroutine_stack::call(enter, (&raw mut body).cast(), region::stack_top(task), block, own) };
    program::end_step(region::stack_top(task));
    let panic = program::with_task(|its| {
        its.has_ended = true;
        its.panic.take()
    });
    // The main task's failure is one of the run: no other task joins it.
    let panic =
        panic.or_else(|| if task == 0 { program::with(|program| program.fault.take()) } else { None });
    if let Some((message, place)) = panic {
        native::panicked(message, place);
    }
}

/// Runs in the task.
extern "C" fn enter(body: *mut c_void) {
    // SAFETY: `run` passes its `Body`, which lives until this function returns.
    let Body { start, argument } = unsafe { &*body.cast::<Body>() };
    start(*argument);
    while let Some((destructor, object)) = outside(|| program::with_task(|its| its.destructors.pop())) {
        // SAFETY: the program registered the destructor for this object of the current task.
        unsafe { destructor(object as *mut c_void) };
    }
}

/// Registers the destructor of a thread-local of the current task.
pub(crate) fn add_destructor(destructor: Destructor, object: *mut c_void) {
    program::with_task(|its| its.destructors.push((destructor, object as usize)));
}

/// The task with this control block.
pub(crate) fn of_block(block: usize) -> Option<usize> {
    region::contains(block).then(|| region::task_of(block))
}
