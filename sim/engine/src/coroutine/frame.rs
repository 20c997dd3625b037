//! A stack with the coroutine that runs on it, if one does.

use std::io;
use std::mem;

use corosensei::Yielder;
use corosensei::stack::Stack as _;

/// A mapped stack with a guard page below it.
type Stack = corosensei::stack::DefaultStack;

type OnStack = corosensei::Coroutine<(), (), (), Stack>;

/// A stack, in use or not. In a box that is kept with it, so that to move a coroutine is to move a pointer.
pub(crate) struct Frame(Box<State>);

enum State {
    Idle(Stack),
    Begun(OnStack),
    /// Between the two.
    Changing,
}

impl Frame {
    /// A new stack of so many bytes.
    pub(super) fn new(size: usize) -> io::Result<Self> {
        Ok(Frame(Box::new(State::Idle(Stack::new(size)?))))
    }

    /// A coroutine on the stack, which nothing runs on.
    #[inline]
    pub(super) fn begin(mut self, body: impl FnOnce(&Yielder<(), ()>) + 'static) -> Self {
        let State::Idle(stack) = mem::replace(&mut *self.0, State::Changing) else {
            unreachable!("a stack is given to one coroutine at a time")
        };
        *self.0 = State::Begun(OnStack::with_stack(stack, move |yielder, ()| body(yielder)));
        self
    }

    /// The coroutine that was begun.
    #[inline]
    pub(super) fn coroutine(&mut self) -> &mut OnStack {
        let State::Begun(coroutine) = &mut *self.0 else { unreachable!("it was begun") };
        coroutine
    }

    /// The stack without the coroutine, which has ended.
    #[inline]
    pub(super) fn end(mut self) -> Self {
        let State::Begun(coroutine) = mem::replace(&mut *self.0, State::Changing) else {
            unreachable!("it was begun")
        };
        *self.0 = State::Idle(coroutine.into_stack());
        self
    }

    /// Where the stack is, from the lowest address, which is the guard page's, to the highest. Nothing runs on it.
    pub(super) fn bounds(&self) -> (usize, usize) {
        let State::Idle(stack) = &*self.0 else { unreachable!("its coroutine has ended") };
        (stack.limit().get(), stack.base().get())
    }

    /// What the stack takes, with its guard page. Nothing runs on it.
    pub(super) fn mapped(&self) -> usize {
        let (limit, base) = self.bounds();
        base - limit
    }
}
