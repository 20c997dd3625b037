//! The lock trait.

use std::sync::{self, PoisonError};

/// A lock around a value. It is held for a few steps, and never across an await.
pub trait Mutex<T>: Send + Sync {
    /// Creates an unlocked lock around this value.
    #[track_caller]
    fn new(name: &'static str, value: T) -> Self;

    /// Calls `action` with the value, under the lock. `action` must not acquire the lock again.
    #[track_caller]
    fn with<R>(&self, action: impl FnOnce(&mut T) -> R) -> R;
}

/// A panic in `action` does not poison the lock: values under the cache's locks are consistent
/// after each step.
impl<T: Send> Mutex<T> for sync::Mutex<T> {
    fn new(_name: &'static str, value: T) -> Self {
        sync::Mutex::new(value)
    }

    #[inline]
    fn with<R>(&self, action: impl FnOnce(&mut T) -> R) -> R {
        action(&mut self.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
