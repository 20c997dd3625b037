//! A shared pointer.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{self, Ordering};

use crate::event::Action;
use crate::history::Holds;
use crate::runtime::{self, Handle};
use crate::stateful::Unsupported;

/// Like [`std::sync::atomic::AtomicPtr`]. Addresses differ between runs, so the engine does not
/// compare them: every operation that may write counts as a write, including a compare-exchange
/// that fails.
pub struct AtomicPtr<T> {
    handle: Handle,
    value: atomic::AtomicPtr<T>,
}

impl<T> AtomicPtr<T> {
    /// A new pointer.
    #[track_caller]
    pub fn new(value: *mut T) -> Self {
        AtomicPtr {
            handle: Handle::new("an AtomicPtr", Holds::Value, 0),
            value: atomic::AtomicPtr::new(value),
        }
    }

    /// Returns the pointer.
    #[track_caller]
    pub fn load(&self, ordering: Ordering) -> *mut T {
        self.handle.perform(Action::Read, Location::caller());
        self.value.load(ordering)
    }

    /// Stores a pointer.
    #[track_caller]
    pub fn store(&self, value: *mut T, ordering: Ordering) {
        self.handle.perform(Action::Write, Location::caller());
        self.value.store(value, ordering);
    }

    /// Stores a pointer and returns the old one.
    #[track_caller]
    pub fn swap(&self, value: *mut T, ordering: Ordering) -> *mut T {
        self.handle.perform(Action::Write, Location::caller());
        self.value.swap(value, ordering)
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
        self.handle.perform(Action::Write, Location::caller());
        runtime::refuse(Unsupported::Address(Location::caller()));
        self.value.compare_exchange(current, new, success, failure)
    }

    /// Like [`compare_exchange`](Self::compare_exchange). It never fails spuriously here.
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

    /// Returns exclusive access to the pointer. No event.
    #[track_caller]
    pub fn get_mut(&mut self) -> &mut *mut T {
        self.handle.note_exclusive_access();
        self.value.get_mut()
    }

    /// Returns the pointer. No event.
    pub fn into_inner(self) -> *mut T {
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
