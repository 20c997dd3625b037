//! A source location that one OS thread writes and another reads, without a lock.

use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// An optional source location.
pub(crate) struct AtomicPlace(AtomicPtr<Location<'static>>);

impl AtomicPlace {
    pub(crate) const fn new() -> Self {
        AtomicPlace(AtomicPtr::new(ptr::null_mut()))
    }

    #[inline]
    pub(crate) fn store(&self, place: Option<&'static Location<'static>>) {
        let place = place.map_or(ptr::null(), ptr::from_ref);
        self.0.store(place.cast_mut(), Ordering::Relaxed);
    }

    pub(crate) fn load(&self) -> Option<&'static Location<'static>> {
        // SAFETY: the pointer is null or comes from a `&'static` reference to an immutable
        // location.
        unsafe { self.0.load(Ordering::Relaxed).as_ref() }
    }
}
