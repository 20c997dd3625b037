//! A shared pointer.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{self, Ordering};

use crate::event::{Action, MemoryOrder, Orders};
use crate::history::Holds;
use crate::runtime::{self, Granted, Handle};
use crate::stateful::Unsupported;

/// Like [`std::sync::atomic::AtomicPtr`]. Addresses differ between runs, so the engine does not
/// compare them: every operation that may write counts as a write, including a compare-exchange
/// that fails.
pub struct AtomicPtr<T> {
    handle: Handle,
    value: atomic::AtomicPtr<T>,
}

/// The address as a word, for a search in which addresses are values.
fn word<T>(pointer: *mut T) -> u64 {
    pointer.expose_provenance() as u64
}

/// The pointer of a word.
fn pointer<T>(word: u64) -> *mut T {
    std::ptr::with_exposed_provenance_mut(word as usize)
}

/// The initial state of a pointer.
fn initial<T>(pointer: *mut T) -> u64 {
    if runtime::has_memory_orders() { word(pointer) } else { 0 }
}

impl<T> AtomicPtr<T> {
    /// A new pointer.
    #[track_caller]
    pub fn new(value: *mut T) -> Self {
        AtomicPtr {
            handle: Handle::new("an AtomicPtr", Holds::Value, initial(value)),
            value: atomic::AtomicPtr::new(value),
        }
    }

    /// Returns the pointer.
    #[track_caller]
    pub fn load(&self, ordering: Ordering) -> *mut T {
        match self.perform(Action::Read, Action::Load, Orders::of(ordering), Location::caller()) {
            Some(granted) => pointer(granted.before),
            None => self.value.load(ordering),
        }
    }

    /// Stores a pointer.
    #[track_caller]
    pub fn store(&self, value: *mut T, ordering: Ordering) {
        let store = Action::Store(word(value));
        self.perform(Action::Write, store, Orders::of(ordering), Location::caller());
        self.value.store(value, ordering);
    }

    /// Stores a pointer and returns the old one.
    #[track_caller]
    pub fn swap(&self, value: *mut T, ordering: Ordering) -> *mut T {
        let swap = Action::Modify(|_, new| new, word(value));
        match self.perform(Action::Write, swap, Orders::of(ordering), Location::caller()) {
            Some(granted) => {
                self.value.store(pointer(granted.after), Ordering::Relaxed);
                pointer(granted.before)
            }
            None => self.value.swap(value, ordering),
        }
    }

    /// Stores `new` if the pointer is `current`.
    ///
    /// # Errors
    ///
    /// The pointer, if it is not `current`.
    #[track_caller]
    pub fn compare_exchange(
        &self,
        current: *mut T,
        new: *mut T,
        success: Ordering,
        failure: Ordering,
    ) -> Result<*mut T, *mut T> {
        let exchange = Action::CompareExchange { expected: word(current), new: word(new) };
        let orders = Orders::exchange(success, failure);
        if let Some(granted) = self.perform(Action::Write, exchange, orders, Location::caller()) {
            self.value.store(pointer(granted.after), Ordering::Relaxed);
            let seen = pointer(granted.before);
            return if seen == current { Ok(seen) } else { Err(seen) };
        }
        runtime::refuse(Unsupported::Address(Location::caller()));
        self.value.compare_exchange(current, new, success, failure)
    }

    /// Like [`compare_exchange`](Self::compare_exchange). It fails spuriously where
    /// [`Explorer::spurious_failures`](crate::Explorer::spurious_failures) allows it.
    ///
    /// # Errors
    ///
    /// The pointer, if it is not `current`.
    #[track_caller]
    pub fn compare_exchange_weak(
        &self,
        current: *mut T,
        new: *mut T,
        success: Ordering,
        failure: Ordering,
    ) -> Result<*mut T, *mut T> {
        if runtime::fails_spuriously() {
            return Err(self.load(failure));
        }
        self.compare_exchange(current, new, success, failure)
    }

    /// Replaces the pointer with the result of `update`: a load, then compare-exchanges until one
    /// succeeds, as in std. Returns the old pointer.
    ///
    /// # Errors
    ///
    /// The current pointer, if `update` returns `None`.
    #[track_caller]
    pub fn fetch_update<F: FnMut(*mut T) -> Option<*mut T>>(
        &self,
        set_order: Ordering,
        fetch_order: Ordering,
        mut update: F,
    ) -> Result<*mut T, *mut T> {
        let mut seen = self.load(fetch_order);
        while let Some(new) = update(seen) {
            match self.compare_exchange(seen, new, set_order, fetch_order) {
                Ok(old) => return Ok(old),
                Err(value) => seen = value,
            }
        }
        Err(seen)
    }

    /// Performs `on_word` with its memory orders and returns its result, if they matter. Otherwise
    /// performs `otherwise`, which does not depend on the address, and returns `None`.
    fn perform(
        &self,
        otherwise: Action,
        on_word: Action,
        orders: Orders,
        source: &'static Location<'static>,
    ) -> Option<Granted> {
        if runtime::has_memory_orders() {
            return self.handle.perform_ordered(on_word, orders, source);
        }
        self.handle.perform(otherwise, source);
        None
    }

    /// Returns exclusive access to the pointer. No event.
    #[track_caller]
    pub fn get_mut(&mut self) -> &mut *mut T {
        self.settle_exclusively(Location::caller());
        self.handle.note_exclusive_access();
        self.value.get_mut()
    }

    /// Stores the last pointer in coherence order, before exclusive access.
    fn settle_exclusively(&self, source: &'static Location<'static>) {
        if runtime::has_memory_orders()
            && let Some(granted) =
                self.handle.perform_ordered(Action::Load, Orders::of(MemoryOrder::NotAtomic), source)
        {
            self.value.store(pointer(granted.before), Ordering::Relaxed);
        }
    }

    /// Returns the pointer. No event.
    #[track_caller]
    pub fn into_inner(self) -> *mut T {
        self.settle_exclusively(Location::caller());
        self.handle.read_contents();
        self.value.into_inner()
    }
}

impl<T> Default for AtomicPtr<T> {
    #[track_caller]
    fn default() -> Self {
        AtomicPtr::new(std::ptr::null_mut())
    }
}

impl<T> From<*mut T> for AtomicPtr<T> {
    #[track_caller]
    fn from(value: *mut T) -> Self {
        AtomicPtr::new(value)
    }
}

impl<T> fmt::Debug for AtomicPtr<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
