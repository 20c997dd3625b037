//! The panics of one coroutine, set aside while others run on the OS thread.
//!
//! std counts the panics that unwind on each OS thread, and so answers [`std::thread::panicking`], poisons its locks and
//! finds panics inside of the panic hook. A coroutine that is suspended in a destructor while it unwinds would leave its
//! count to whoever runs next. So the count is brought to zero when a coroutine is left, and back when it goes on.
//!
//! std has no function that changes the count. It is incremented where a panic begins, and decremented where the panic is
//! caught; that need not be on the same OS thread. So there are *tokens*: coroutines that are suspended in the middle of a
//! panic of their own. To make one increments the count of the OS thread that makes it; to let it go on until it has caught
//! its panic decrements the count of the OS thread that does so. The first tokens are made on an OS thread that does nothing
//! else. It runs no code of the program, and decides nothing.
//!
//! The count of a panic whose hook is running has a mark besides, with which a further panic aborts the process. A token
//! that is let go takes the mark away, too, so that the formatting of a panic's message may be suspended as well.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};
use std::thread;

use corosensei::Yielder;

use super::frame::Frame;

/// Bytes of a token's stack. It holds the unwinder's own frames and nothing else.
const STACK: usize = 64 << 10;

/// A coroutine that is suspended in the middle of a panic.
struct Token(Frame);

// SAFETY: on its stack there is nothing but the frames of this module, of std and of the unwinder. They own the panic's
// payload, which is of type `()`, and the exception, which the unwinder has allocated and refers to by the stack alone. No
// frame keeps anything of the OS thread that it was suspended on: the count is looked up when the panic is caught, in std's
// own function, which begins after the suspension.
unsafe impl Send for Token {}

/// Tokens of OS threads that have ended.
static POOL: Mutex<Vec<Token>> = Mutex::new(Vec::new());

/// What an OS thread has for its coroutines.
struct Store {
    tokens: Vec<Token>,
    /// Stacks of tokens that were let go.
    stacks: Vec<Frame>,
}

impl Drop for Store {
    fn drop(&mut self) {
        // To drop a token here would decrement this OS thread's count.
        POOL.lock().unwrap_or_else(PoisonError::into_inner).append(&mut self.tokens);
    }
}

thread_local! {
    static STORE: RefCell<Store> = const { RefCell::new(Store { tokens: Vec::new(), stacks: Vec::new() }) };
}

/// Suspends the token when it is dropped, which is when its panic unwinds.
struct Suspends<'a>(&'a Yielder<(), ()>);

impl Drop for Suspends<'_> {
    fn drop(&mut self) {
        self.0.suspend(());
    }
}

impl Token {
    /// A token on this stack. Increments this OS thread's count.
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

    /// Decrements this OS thread's count. Returns the stack.
    fn let_go(mut self) -> Frame {
        self.0.coroutine().resume(());
        self.0.end()
    }

    /// A token of another OS thread.
    fn foreign() -> Self {
        let pooled = POOL.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let made = || {
            let make = || Token::new(Frame::new(STACK).expect("no memory for a stack"));
            thread::spawn(make).join().expect("a token is made without a panic that gets out")
        };
        pooled.unwrap_or_else(made)
    }
}

/// Brings this OS thread's count to zero. Returns what it was.
#[inline]
pub(super) fn set_aside() -> usize {
    if thread::panicking() { let_go_of_all() } else { 0 }
}

/// Brings this OS thread's count, which is zero, back to what it was.
#[inline]
pub(super) fn take_up(panics: usize) {
    for _ in 0..panics {
        take_up_one();
    }
}

#[cold]
fn let_go_of_all() -> usize {
    // Foreign structured exceptions are tied to their OS thread.
    if cfg!(windows) {
        return 0;
    }
    let mut panics = 0;
    while thread::panicking() {
        let own = STORE.with_borrow_mut(|store| store.tokens.pop());
        let stack = own.unwrap_or_else(Token::foreign).let_go();
        STORE.with_borrow_mut(|store| store.stacks.push(stack));
        panics += 1;
    }
    panics
}

#[cold]
fn take_up_one() {
    let stack = STORE.with_borrow_mut(|store| store.stacks.pop());
    let stack = stack.unwrap_or_else(|| Frame::new(STACK).expect("no memory for a stack"));
    let token = Token::new(stack);
    STORE.with_borrow_mut(|store| store.tokens.push(token));
}
