//! Stacks, reused across runs and explorations: mapping one costs more than a thousand runs on it.

use std::cell::RefCell;
use std::io;
use std::mem;

use super::frame::Frame;
use super::overflow;

/// Minimum size in bytes of a guard page.
const GUARD: usize = 64 << 10;

/// Maximum number of stacks that an OS thread retains for its next exploration.
const MAX_RETAINED: usize = 16;

thread_local! {
    /// The stack size in bytes and the free stacks of the last exploration on this OS thread.
    static RETAINED: RefCell<(usize, Vec<Frame>)> = const { RefCell::new((0, Vec::new())) };
}

/// The idle stacks. When the pool is dropped, the next pool of the OS thread reuses some of them.
pub(crate) struct StackPool {
    size: usize,
    free: Vec<Frame>,
    /// Stacks that are larger than `size`, on request.
    large: Vec<Frame>,
    /// Whether a larger stack exists, idle or in use.
    has_large: bool,
}

impl StackPool {
    /// Creates a pool of stacks of `size` bytes each.
    pub(crate) fn new(size: usize) -> Self {
        overflow::watch();
        let retained = RETAINED.take();
        let free = if retained.0 == size { retained.1 } else { Vec::new() };
        StackPool { size, free, large: Vec::new(), has_large: false }
    }

    /// Returns a stack of at least `least` bytes and at least the pool's size. Reuses an idle stack
    /// if possible.
    pub(crate) fn take(&mut self, least: usize) -> io::Result<Frame> {
        if least <= self.size {
            return self.free.pop().map_or_else(|| Frame::new(self.size), Ok);
        }
        self.has_large = true;
        match self.large.iter().position(|frame| frame.mapped() >= least + GUARD) {
            Some(fits) => Ok(self.large.swap_remove(fits)),
            None => Frame::new(least + GUARD),
        }
    }

    /// Returns a stack to the pool.
    #[inline]
    pub(crate) fn put(&mut self, frame: Frame) {
        if self.has_large && frame.mapped() > self.size + GUARD {
            self.large.push(frame);
        } else {
            self.free.push(frame);
        }
    }
}

impl Drop for StackPool {
    fn drop(&mut self) {
        let mut free = mem::take(&mut self.free);
        free.truncate(MAX_RETAINED);
        // Fails if the OS thread is ending.
        let _ = RETAINED.try_with(|retained| retained.replace((self.size, free)));
    }
}
