//! Stacks, kept between runs: mapping one costs more than running on it a thousand times.

use std::io;

/// A mapped stack with a guard page below it.
pub(crate) type Stack = corosensei::stack::DefaultStack;

/// Stacks that no coroutine uses now.
pub(crate) struct StackPool {
    size: usize,
    free: Vec<Stack>,
}

impl StackPool {
    /// A pool of stacks of `size` bytes each.
    pub(crate) fn new(size: usize) -> Self {
        StackPool { size, free: Vec::new() }
    }

    /// A stack: a used one if there is one.
    pub(crate) fn take(&mut self) -> io::Result<Stack> {
        self.free.pop().map_or_else(|| Stack::new(self.size), Ok)
    }

    /// Puts a stack back.
    pub(crate) fn put(&mut self, stack: Stack) {
        self.free.push(stack);
    }
}
