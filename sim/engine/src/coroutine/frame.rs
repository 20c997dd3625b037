//! A stack, with the coroutine that runs on it, if any.

use std::io;
use std::mem;

use corosensei::Yielder;
use corosensei::stack::Stack as _;

/// A mapped stack with a guard page below it.
type Stack = corosensei::stack::DefaultStack;

type OnStack = corosensei::Coroutine<(), (), (), Stack>;

/// A stack, in use or idle. Boxed, so that moving a coroutine moves a pointer.
pub(crate) struct Frame(Box<State>);

enum State {
    Idle(Stack),
    Begun(OnStack),
    /// During the transition between the two.
    Changing,
}

impl Frame {
    /// Maps a new stack of `size` bytes.
    pub(super) fn new(size: usize) -> io::Result<Self> {
        Ok(Frame(Box::new(State::Idle(Stack::new(size)?))))
    }

    /// Creates a coroutine on the idle stack.
    #[inline]
    pub(super) fn begin(mut self, body: impl FnOnce(&Yielder<(), ()>) + 'static) -> Self {
        let State::Idle(stack) = mem::replace(&mut *self.0, State::Changing) else {
            unreachable!("a stack is given to one coroutine at a time")
        };
        *self.0 = State::Begun(OnStack::with_stack(stack, move |yielder, ()| body(yielder)));
        self
    }

    /// The coroutine on the stack.
    #[inline]
    pub(super) fn coroutine(&mut self) -> &mut OnStack {
        let State::Begun(coroutine) = &mut *self.0 else { unreachable!("it was begun") };
        coroutine
    }

    /// Marks the suspended coroutine as ended, without unwinding it.
    pub(super) fn forget_coroutine(&mut self) {
        // SAFETY: values on the stack are leaked, not dropped. They must not be referred to again.
        // Only runs that ask for it discard their coroutines: all suspended ones at once, so that
        // no other task is left that could refer to them, and the runtime resets the memory that
        // the tasks shared before the next run.
        unsafe { self.coroutine().force_reset() };
    }

    /// Returns the stack without the coroutine, which has ended.
    #[inline]
    pub(super) fn end(mut self) -> Self {
        let State::Begun(coroutine) = mem::replace(&mut *self.0, State::Changing) else {
            unreachable!("it was begun")
        };
        *self.0 = State::Idle(coroutine.into_stack());
        self
    }

    /// The lowest address of the stack, which is in the guard page, and the highest. The stack must
    /// be idle.
    pub(super) fn bounds(&self) -> (usize, usize) {
        let State::Idle(stack) = &*self.0 else { unreachable!("its coroutine has ended") };
        (stack.limit().get(), stack.base().get())
    }

    /// The size of the mapping in bytes, with the guard page. The stack must be idle.
    pub(super) fn mapped(&self) -> usize {
        let (limit, base) = self.bounds();
        base - limit
    }
}
