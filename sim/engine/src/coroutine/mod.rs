//! Stackful coroutines: the one place where `unsafe` is allowed.
//!
//! A task's closure lives on the coroutine's own stack, so that starting one allocates nothing once the
//! [stack pool](StackPool) is warm. Coroutines may be resumed from inside other coroutines (a spawned task runs to its
//! first operation on top of its parent); each suspends back to whoever resumed it last.
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
    /// The coroutine that runs on this OS thread now; null when none does.
    static RUNNING: Cell<*const Running> = const { Cell::new(ptr::null()) };
}

/// A coroutine that has begun. It lives on the coroutine's own stack, until its body has returned or unwound.
struct Running {
    yielder: *const Yielder<(), ()>,
    /// The lowest address of its stack, where the guard page begins.
    limit: usize,
    /// The highest address of its stack.
    base: usize,
    label: Label,
}

/// A task's stack and where it stands. It lives in the stack's frame: to move it is to move a pointer.
pub(crate) struct Coroutine(Frame);

impl Coroutine {
    /// A coroutine that will run `body` on the frame's stack. It does not start yet. `label` says whose stack it is.
    pub(crate) fn new(frame: Frame, label: Label, body: impl FnOnce() + 'static) -> Self {
        let (limit, base) = frame.bounds();
        Coroutine(frame.begin(move |yielder: &Yielder<(), ()>| {
            let running = Running { yielder, limit, base, label };
            RUNNING.set(&raw const running);
            body();
        }))
    }

    /// Runs it until it suspends or ends; true once it has ended.
    pub(crate) fn resume(&mut self) -> bool {
        let resumer = RUNNING.get();
        let panics = panicking::set_aside();
        let result = self.0.coroutine().resume(());
        panicking::take_up(panics);
        RUNNING.set(resumer);
        matches!(result, CoroutineResult::Return(()))
    }

    /// Gives the stack back. The coroutine must have ended.
    pub(crate) fn into_frame(self) -> Frame {
        self.0.end()
    }

    /// Never resumes it and never gives its stack back: what is on the stack may still be referred to from elsewhere, and
    /// is never dropped.
    pub(crate) fn leak(self) {
        mem::forget(self);
    }
}

/// Suspends the coroutine that is running, until it is resumed.
///
/// # Panics
///
/// If no coroutine is running.
pub(crate) fn suspend() {
    let running = RUNNING.get();
    assert!(!running.is_null(), "only a task can be suspended");
    let panics = panicking::set_aside();
    // SAFETY: `RUNNING` is the coroutine whose code is executing: it is set on entry and after every suspension by that
    // coroutine itself, and put back by `resume` before its caller goes on. It lives on its coroutine's stack until the
    // body returns, as the yielder does, so both references are valid here; they never leave this OS thread, because the
    // cell is thread-local and coroutines are not `Send`.
    unsafe { (*(*running).yielder).suspend(()) };
    panicking::take_up(panics);
    RUNNING.set(running);
}

/// Which coroutine runs on this OS thread: a number that no other has while it lives. `None` if none does.
pub(crate) fn running() -> Option<usize> {
    let running = RUNNING.get();
    (!running.is_null()).then(|| running.addr())
}
