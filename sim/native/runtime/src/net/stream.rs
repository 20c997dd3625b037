//! Byte streams: what has arrived at a socket and was not read yet.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::panic::Location;

use selvedge_engine::native::{Memory, Readable, Slot, Waits};

use super::event::Caller;
use super::table::Key;

/// What can be registered in an epoll: a stream or an event counter.
pub(crate) struct Endpoint {
    /// Its location.
    pub(super) location: u32,
    /// Its slot in an epoll.
    pub(super) slot: Cell<Option<Slot>>,
}

/// A byte stream.
pub(crate) struct Stream {
    pub(super) end: Endpoint,
    bytes: RefCell<VecDeque<u8>>,
}

impl Endpoint {
    pub(super) fn new(memory: Memory, key: Key, name: &'static str) -> Self {
        Endpoint { location: memory.endpoint(key.0, name), slot: Cell::new(None) }
    }

    /// Performs an event that names the slot, until it names the present one.
    fn announce(&self, mut event: impl FnMut(Option<Slot>)) {
        let mut slot = self.slot.get();
        loop {
            event(slot);
            if self.slot.get() == slot || self.slot.get().is_none() {
                return;
            }
            slot = self.slot.get();
        }
    }

    /// Adds to an event counter.
    pub(super) fn count(&self, by: u32, caller: Caller) {
        let mut by = by;
        self.announce(|slot| {
            caller.memory.count(self.location, by, slot, caller.source);
            by = 0;
        });
    }
}

impl Stream {
    pub(super) fn new(memory: Memory, key: Key, name: &'static str) -> Self {
        Stream { end: Endpoint::new(memory, key, name), bytes: RefCell::default() }
    }

    /// Bytes arrive, and the end of the stream if it `closes`.
    pub(super) fn arrive(
        &self,
        memory: Memory,
        bytes: &[u8],
        closes: bool,
        source: &'static Location<'static>,
    ) {
        let mut count = bytes.len() as u32;
        self.end.announce(|slot| {
            let is_accepted = memory.arrive(self.end.location, count, closes, slot, source);
            if is_accepted && count > 0 {
                self.bytes.borrow_mut().extend(bytes);
            }
            count = 0;
        });
    }

    /// Takes bytes, or looks at them if it `peeks`. At most `most`.
    pub(super) fn read(&self, most: usize, peeks: bool, waits: Waits, caller: Caller) -> Option<Vec<u8>> {
        let most = most.min(1 << 30) as u32;
        match caller.memory.read_stream(self.end.location, most, peeks, waits, caller.source) {
            Readable::Nothing => None,
            Readable::End => Some(Vec::new()),
            Readable::Bytes(count) if peeks => {
                Some(self.bytes.borrow().iter().take(count as usize).copied().collect())
            }
            Readable::Bytes(count) => Some(self.bytes.borrow_mut().drain(..count as usize).collect()),
        }
    }
}
