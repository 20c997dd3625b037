//! Saves and restores the panic count of a coroutine when the OS thread switches coroutines.
//!
//! std counts the panics that unwind on each OS thread. [`std::thread::panicking`], the poisoning
//! of locks and the detection of nested panics use this count. If a coroutine is suspended in a
//! destructor while it unwinds, its count would apply to the next coroutine. So the count is set to
//! zero when a coroutine is left, and restored when it resumes.
//!
//! std has no function that sets the count. It is incremented where a panic begins and decremented
//! where the panic is caught, possibly on another OS thread. So the engine uses *tokens*:
//! coroutines that are suspended in the middle of a panic of their own. Creating a token increments
//! the count of the OS thread that creates it; releasing it, so that it catches its panic,
//! decrements the count of the OS thread that releases it. The first tokens are created on a
//! separate OS thread, which runs no code of the program and makes no decisions.
//!
//! While a panic hook runs, the count also has a mark that makes a further panic abort the process.
//! Releasing a token clears the mark, so that a task may be suspended while it formats a panic
//! message.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};
use std::thread;

use corosensei::Yielder;

use super::frame::Frame;

/// Size in bytes of a token's stack. It holds only the unwinder's frames.
const STACK: usize = 64 << 10;

/// A coroutine that is suspended in the middle of a panic.
struct Token(Frame);

// SAFETY: its stack holds only frames of this module, of std and of the unwinder. They own the
// panic's payload, which has type `()`, and the exception, which the unwinder has allocated and
// which only the stack refers to. No frame retains state of the OS thread on which it was
// suspended: std's function looks up the count when it catches the panic, after the suspension.
unsafe impl Send for Token {}

/// Tokens of OS threads that have ended.
static POOL: Mutex<Vec<Token>> = Mutex::new(Vec::new());

/// The tokens and stacks of an OS thread.
struct Store {
    tokens: Vec<Token>,
    /// Stacks of released tokens.
    stacks: Vec<Frame>,
}

impl Drop for Store {
    fn drop(&mut self) {
        // Dropping a token here would decrement this OS thread's count.
        POOL.lock().unwrap_or_else(PoisonError::into_inner).append(&mut self.tokens);
    }
}

thread_local! {
    static STORE: RefCell<Store> = const { RefCell::new(Store { tokens: Vec::new(), stacks: Vec::new() }) };
}

/// Suspends the token when dropped, that is, when its panic unwinds.
struct Suspends<'a>(&'a Yielder<(), ()>);

impl Drop for Suspends<'_> {
    fn drop(&mut self) {
        self.0.suspend(());
    }
}

impl Token {
    /// Creates a token on this stack. Increments this OS thread's count.
    fn new(stack: Frame) -> Self {
        let mut frame = stack.begin(|yielder: &Yielder<(), ()>| {
            let body = || {
                let _suspends = Suspends(yielder);
                panic::resume_unwind(Box::new(()));
            };
            let caught: thread::Result<()> = panic::catch_unwind(AssertUnwindSafe(body));
            drop(caught);
        });
        frame.coroutine().resume(());
        Token(frame)
    }

    /// Releases the token. Decrements this OS thread's count. Returns the stack.
    fn release(mut self) -> Frame {
        self.0.coroutine().resume(());
        self.0.end()
    }

    /// Creates a token on another OS thread.
    fn foreign() -> Self {
        let pooled = POOL.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let made = || {
            let make = || Token::new(Frame::new(STACK).expect("no memory for a stack"));
            thread::spawn(make).join().expect("a token is made without a panic that gets out")
        };
        pooled.unwrap_or_else(made)
    }
}

/// Sets this OS thread's count to zero. Returns the previous count.
#[inline]
pub(super) fn set_aside() -> usize {
    if thread::panicking() { release_all() } else { 0 }
}

/// Restores this OS thread's count, which is zero, to `panics`.
#[inline]
pub(super) fn restore(panics: usize) {
    for _ in 0..panics {
        restore_one();
    }
}

#[cold]
fn release_all() -> usize {
    // Foreign structured exceptions are tied to their OS thread.
    if cfg!(windows) {
        return 0;
    }
    let mut panics = 0;
    while thread::panicking() {
        let own = STORE.with_borrow_mut(|store| store.tokens.pop());
        let stack = own.unwrap_or_else(Token::foreign).release();
        STORE.with_borrow_mut(|store| store.stacks.push(stack));
        panics += 1;
    }
    panics
}

#[cold]
fn restore_one() {
    let stack = STORE.with_borrow_mut(|store| store.stacks.pop());
    let stack = stack.unwrap_or_else(|| Frame::new(STACK).expect("no memory for a stack"));
    let token = Token::new(stack);
    STORE.with_borrow_mut(|store| store.tokens.push(token));
}
