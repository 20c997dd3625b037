//! Stackful coroutines: the only module that may use `unsafe`.
//!
//! A task's closure lives on the coroutine's own stack, so starting a task allocates nothing once
//! the [stack pool](StackPool) is warm. A coroutine may resume another (a spawned task runs up to
//! its first operation on top of its parent); each suspends to the one that resumed it last.
//!
//! A coroutine may be suspended while it unwinds from a panic: see [`panicking`].
#![expect(
    unsafe_code,
    reason = "a suspended stack keeps a pointer to its own yielder; a scoped task borrows; panics are counted by the OS \
              thread; a signal handler recognises guard pages"
)]

mod frame;
mod overflow;
mod panicking;
mod place;
mod scope;
mod stack;

use std::cell::Cell;
use std::mem;
use std::ptr;

use corosensei::{CoroutineResult, Yielder};

pub(crate) use frame::Frame;
pub(crate) use overflow::Label;
pub(crate) use place::AtomicPlace;
pub use scope::Scope;
pub(crate) use scope::enclose;
pub(crate) use stack::StackPool;

thread_local! {
    /// The coroutine that runs on this OS thread; null if none does.
    static RUNNING: Cell<*const Running> = const { Cell::new(ptr::null()) };
}

/// A started coroutine. It lives on the coroutine's own stack until the body has returned or
/// unwound.
struct Running {
    yielder: *const Yielder<(), ()>,
    /// The lowest address of its stack, where the guard page begins.
    limit: usize,
    /// The highest address of its stack.
    base: usize,
    label: Label,
}

/// A task's stack and its execution. It lives in the stack's frame: moving it moves a pointer.
pub(crate) struct Coroutine(Frame);

impl Coroutine {
    /// Creates a coroutine that will run `body` on the frame's stack. `label` names the owner of
    /// the stack.
    pub(crate) fn new(frame: Frame, label: Label, body: impl FnOnce() + 'static) -> Self {
        let (limit, base) = frame.bounds();
        Coroutine(frame.begin(move |yielder: &Yielder<(), ()>| {
            let running = Running { yielder, limit, base, label };
            RUNNING.set(&raw const running);
            body();
        }))
    }

    /// Runs the coroutine until it suspends or ends. Returns whether it has ended.
    #[inline(always)]
    pub(crate) fn resume(&mut self) -> bool {
        let resumer = RUNNING.get();
        let panics = panicking::set_aside();
        let result = self.0.coroutine().resume(());
        panicking::restore(panics);
        RUNNING.set(resumer);
        matches!(result, CoroutineResult::Return(()))
    }

    /// Returns the stack. The coroutine must have ended.
    pub(crate) fn into_frame(self) -> Frame {
        self.0.end()
    }

    /// Returns the stack of a coroutine that will not be resumed. Nothing on it is dropped: for
    /// tasks that the engine cannot unwind, all of which are discarded together.
    pub(crate) fn discard(mut self) -> Frame {
        self.0.forget_coroutine();
        self.0.end()
    }

    /// Leaks the coroutine and its stack: other code may still refer to values on the stack, which
    /// are never dropped.
    pub(crate) fn leak(self) {
        mem::forget(self);
    }
}

/// Suspends the running coroutine until it is resumed.
///
/// # Panics
///
/// If no coroutine is running.
#[inline(always)]
pub(crate) fn suspend() {
    let running = RUNNING.get();
    assert!(!running.is_null(), "only a task can be suspended");
    let panics = panicking::set_aside();
    // SAFETY: `RUNNING` is the coroutine whose code is executing: the coroutine sets it on entry
    // and after every suspension, and `resume` restores it before its caller continues. It lives on
    // its coroutine's stack until the body returns, as the yielder does, so both references are
    // valid here. They never leave this OS thread, because the cell is thread-local and coroutines
    // are not `Send`.
    unsafe { (*(*running).yielder).suspend(()) };
    panicking::restore(panics);
    RUNNING.set(running);
}

/// An identifier of the coroutine that runs on this OS thread, unique while it lives. `None` if
/// none runs.
pub(crate) fn running() -> Option<usize> {
    let running = RUNNING.get();
    (!running.is_null()).then(|| running.addr())
}
