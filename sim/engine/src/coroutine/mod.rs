//! Stackful coroutines: the one place where `unsafe` is allowed.
//!
//! A task's closure lives on the coroutine's own stack, so that starting one allocates nothing once the
//! [stack pool](StackPool) is warm. Coroutines may be resumed from inside other coroutines (a spawned task runs to its
//! first operation on top of its parent); each suspends back to whoever resumed it last.
#![expect(
    unsafe_code,
    reason = "a suspended stack keeps a pointer to its own yielder; a scoped task borrows"
)]

mod frame;
mod scope;
mod stack;

use std::cell::Cell;
use std::ptr;

use corosensei::{CoroutineResult, Yielder};

pub(crate) use frame::Frame;
pub use scope::Scope;
pub(crate) use scope::enclose;
pub(crate) use stack::StackPool;

thread_local! {
    /// The yielder of the coroutine that runs on this OS thread now; null when none does.
    static RUNNING: Cell<*const Yielder<(), ()>> = const { Cell::new(ptr::null()) };
}

/// A task's stack and where it stands. It lives in the stack's frame: to move it is to move a pointer.
pub(crate) struct Coroutine(Frame);

impl Coroutine {
    /// A coroutine that will run `body` on the frame's stack. It does not start yet.
    pub(crate) fn new(frame: Frame, body: impl FnOnce() + 'static) -> Self {
        Coroutine(frame.begin(move |yielder: &Yielder<(), ()>| {
            RUNNING.set(yielder);
            body();
        }))
    }

    /// Runs it until it suspends or ends; true once it has ended.
    pub(crate) fn resume(&mut self) -> bool {
        let resumer = RUNNING.get();
        let result = self.0.coroutine().resume(());
        RUNNING.set(resumer);
        matches!(result, CoroutineResult::Return(()))
    }

    /// Gives the stack back. The coroutine must have ended.
    pub(crate) fn into_frame(self) -> Frame {
        self.0.end()
    }

    /// Unwinds a coroutine that will not be resumed, so that what lives on its stack is dropped, and gives the stack
    /// back.
    pub(crate) fn abandon(mut self) -> Frame {
        let resumer = RUNNING.get();
        self.0.coroutine().force_unwind();
        RUNNING.set(resumer);
        self.0.end()
    }
}

/// Suspends the coroutine that is running, until it is resumed.
///
/// # Panics
///
/// If no coroutine is running.
pub(crate) fn suspend() {
    let yielder = RUNNING.get();
    assert!(!yielder.is_null(), "only a task can be suspended");
    // SAFETY: `RUNNING` is the yielder of the coroutine whose code is executing: it is set on entry and after every
    // suspension by that coroutine itself, and put back by `resume` and `abandon` before their caller goes on. A
    // yielder lives on its coroutine's stack until the body returns, so the reference is valid here; it never leaves
    // this OS thread, because the cell is thread-local and coroutines are not `Send`.
    unsafe { (*yielder).suspend(()) };
    RUNNING.set(yielder);
}
