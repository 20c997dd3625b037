//! Stacks, kept between runs: mapping one costs more than running on it a thousand times.

use std::io;

use corosensei::stack::Stack as _;

/// A mapped stack with a guard page below it.
pub(crate) type Stack = corosensei::stack::DefaultStack;

/// At least what a guard page takes.
const GUARD: usize = 64 << 10;

/// Stacks that no coroutine uses now.
pub(crate) struct StackPool {
    size: usize,
    free: Vec<Stack>,
    /// Those that were asked for because they are larger.
    large: Vec<Stack>,
}

impl StackPool {
    /// A pool of stacks of `size` bytes each.
    pub(crate) fn new(size: usize) -> Self {
        StackPool { size, free: Vec::new(), large: Vec::new() }
    }

    /// A stack of at least `least` bytes, and of no fewer than all have: a used one if there is one.
    pub(crate) fn take(&mut self, least: usize) -> io::Result<Stack> {
        if least <= self.size {
            return self.free.pop().map_or_else(|| Stack::new(self.size), Ok);
        }
        match self.large.iter().position(|stack| mapped(stack) >= least + GUARD) {
            Some(fits) => Ok(self.large.swap_remove(fits)),
            None => Stack::new(least + GUARD),
        }
    }

    /// Puts a stack back.
    pub(crate) fn put(&mut self, stack: Stack) {
        if mapped(&stack) > self.size + GUARD {
            self.large.push(stack);
        } else {
            self.free.push(stack);
        }
    }
}

/// What the stack takes, with its guard page.
fn mapped(stack: &Stack) -> usize {
    stack.base().get() - stack.limit().get()
}
