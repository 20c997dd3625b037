//! Stackful coroutines: the one place where `unsafe` is allowed.
//!
//! A task's closure lives on the coroutine's own stack, so that starting one allocates nothing once the
//! [stack pool](StackPool) is warm. Coroutines may be resumed from inside other coroutines (a spawned task runs to its
//! first operation on top of its parent); each suspends back to whoever resumed it last.
#![expect(
    unsafe_code,
    reason = "a suspended stack keeps a pointer to its own yielder; a scoped task borrows"
)]

mod scope;
mod stack;

use std::cell::Cell;
use std::ptr;

use corosensei::{CoroutineResult, Yielder};

pub use scope::Scope;
pub(crate) use scope::enclose;
pub(crate) use stack::{Stack, StackPool};

thread_local! {
    /// The yielder of the coroutine that runs on this OS thread now; null when none does.
    static RUNNING: Cell<*const Yielder<(), ()>> = const { Cell::new(ptr::null()) };
}

/// A task's stack and where it stands.
pub(crate) struct Coroutine(corosensei::Coroutine<(), (), (), Stack>);

impl Coroutine {
    /// A coroutine that will run `body` on `stack`. It does not start yet.
    pub(crate) fn new(stack: Stack, body: impl FnOnce() + 'static) -> Self {
        Coroutine(corosensei::Coroutine::with_stack(stack, move |yielder: &Yielder<(), ()>, ()| {
            RUNNING.set(yielder);
            body();
        }))
    }

    /// Runs it until it suspends or ends; true once it has ended.
    pub(crate) fn resume(&mut self) -> bool {
        let resumer = RUNNING.get();
        let result = self.0.resume(());
        RUNNING.set(resumer);
        matches!(result, CoroutineResult::Return(()))
    }

    /// Gives the stack back. The coroutine must have ended.
    pub(crate) fn into_stack(self) -> Stack {
        self.0.into_stack()
    }

    /// Unwinds a coroutine that will not be resumed, so that what lives on its stack is dropped, and gives the stack
    /// back.
    pub(crate) fn abandon(mut self) -> Stack {
        let resumer = RUNNING.get();
        self.0.force_unwind();
        RUNNING.set(resumer);
        self.0.into_stack()
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
