//! Leaving the task: the engine and this library run with the thread control block of the OS thread
//! that explores.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::fs;

/// The thread control block of the OS thread that explores.
static EXPLORER: AtomicUsize = AtomicUsize::new(0);

/// Sets the OS thread that explores: the current one.
pub(crate) fn begin() {
    EXPLORER.store(fs::get(), Relaxed);
}

/// The thread control block of the OS thread that explores.
pub(crate) fn explorer() -> usize {
    EXPLORER.load(Relaxed)
}

/// Runs `action` outside of the current task. It may suspend the task.
///
/// Must be called in a task: see [`fs::in_task`].
#[inline(always)]
pub(crate) fn outside<R>(action: impl FnOnce() -> R) -> R {
    let task = fs::get();
    debug_assert!(fs::in_task());
    // SAFETY: tasks run only while the explorer's OS thread executes them, so its control block is
    // live. `call` is not inlined, so no address of a thread-local is computed before the switch
    // and used after it.
    unsafe { fs::set(explorer()) };
    let result = call(action);
    // SAFETY: the task's control block belongs to a thread that sleeps until the process ends.
    unsafe { fs::set(task) };
    result
}

#[inline(never)]
fn call<R>(action: impl FnOnce() -> R) -> R {
    action()
}
