//! Stacks, kept between runs and between explorations: mapping one costs more than running on it a thousand times.

use std::cell::RefCell;
use std::io;
use std::mem;

use super::frame::Frame;
use super::overflow;

/// At least what a guard page takes.
const GUARD: usize = 64 << 10;

/// How many stacks an OS thread keeps for its next exploration.
const MOST_KEPT: usize = 16;

thread_local! {
    /// What the last exploration on this OS thread has left for the next, and the size that it asked for.
    static KEPT: RefCell<(usize, Vec<Frame>)> = const { RefCell::new((0, Vec::new())) };
}

/// Stacks that no coroutine uses now. When the pool is dropped, the next one on the OS thread takes some of them over.
pub(crate) struct StackPool {
    size: usize,
    free: Vec<Frame>,
    /// Those that were asked for because they are larger.
    large: Vec<Frame>,
    /// Whether there is one of those, here or in use.
    has_large: bool,
}

impl StackPool {
    /// A pool of stacks of `size` bytes each.
    pub(crate) fn new(size: usize) -> Self {
        overflow::watch();
        let kept = KEPT.take();
        let free = if kept.0 == size { kept.1 } else { Vec::new() };
        StackPool { size, free, large: Vec::new(), has_large: false }
    }

    /// A stack of at least `least` bytes, and of no fewer than all have: a used one if there is one.
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

    /// Puts a stack back.
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
        free.truncate(MOST_KEPT);
        // The OS thread may be ending.
        let _ = KEPT.try_with(|kept| kept.replace((self.size, free)));
    }
}
