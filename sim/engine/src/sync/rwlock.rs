//! A reader-writer lock, as [`std::sync::RwLock`].

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{self, LockResult, PoisonError, TryLockError, TryLockResult};

use crate::event::{Action, Mode};
use crate::history::Holds;
use crate::runtime::{self, Handle};

/// A lock that many readers or one writer hold. Readers commute: their order is not explored.
///
/// The value is stored in a [`std::sync::RwLock`]; see [`Mutex`](super::Mutex).
pub struct RwLock<T: ?Sized> {
    handle: Handle,
    inner: sync::RwLock<T>,
}

/// Releases shared access when dropped.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    handle: Handle,
    source: &'static Location<'static>,
    inner: sync::RwLockReadGuard<'a, T>,
}

/// Releases exclusive access when dropped.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    handle: Handle,
    source: &'static Location<'static>,
    inner: sync::RwLockWriteGuard<'a, T>,
}

impl<T> RwLock<T> {
    /// Creates an unlocked lock.
    #[track_caller]
    pub fn new(value: T) -> Self {
        RwLock::named("a reader-writer lock", value)
    }

    /// Creates an unlocked lock with this name for messages and traces.
    #[track_caller]
    pub fn named(name: &'static str, value: T) -> Self {
        RwLock { handle: Handle::new(name, Holds::Value, 0), inner: sync::RwLock::new(value) }
    }

    /// Returns the value.
    ///
    /// # Errors
    ///
    /// If a task panicked while it held the lock exclusively.
    pub fn into_inner(self) -> LockResult<T> {
        self.handle.read_contents();
        self.inner.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until no task holds the lock exclusively, and takes it shared.
    ///
    /// # Errors
    ///
    /// If a task panicked while it held the lock exclusively; the error has the guard.
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        let source = Location::caller();
        self.handle.perform(Action::LockShared, source);
        let guard = |inner| RwLockReadGuard { handle: self.handle, source, inner };
        match self.inner.read() {
            Ok(inner) => Ok(guard(inner)),
            // As in `Mutex::lock`.
            Err(poisoned) if runtime::aborting() => Ok(guard(poisoned.into_inner())),
            Err(poisoned) => Err(PoisonError::new(guard(poisoned.into_inner()))),
        }
    }

    /// Waits until no task holds the lock, and takes it exclusively.
    ///
    /// # Errors
    ///
    /// If a task panicked while it held the lock exclusively; the error has the guard.
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let source = Location::caller();
        self.handle.perform(Action::Lock, source);
        let guard = |inner| RwLockWriteGuard { handle: self.handle, source, inner };
        match self.inner.write() {
            Ok(inner) => Ok(guard(inner)),
            // As in `Mutex::lock`.
            Err(poisoned) if runtime::aborting() => Ok(guard(poisoned.into_inner())),
            Err(poisoned) => Err(PoisonError::new(guard(poisoned.into_inner()))),
        }
    }

    /// Takes the lock shared if no task holds it exclusively.
    ///
    /// # Errors
    ///
    /// If a task holds the lock exclusively, or panicked while it did.
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        let source = Location::caller();
        let granted = self.handle.perform(Action::TryLockShared, source);
        if granted.is_some_and(|granted| Action::TryLockShared.outcome(granted.before).0 == Mode::Read) {
            return Err(TryLockError::WouldBlock);
        }
        let guard = |inner| RwLockReadGuard { handle: self.handle, source, inner };
        self.inner.try_read().map(guard).map_err(|error| match error {
            TryLockError::WouldBlock => TryLockError::WouldBlock,
            TryLockError::Poisoned(p) => TryLockError::Poisoned(PoisonError::new(guard(p.into_inner()))),
        })
    }

    /// Takes the lock exclusively if no task holds it.
    ///
    /// # Errors
    ///
    /// If a task holds the lock, or panicked while it held it exclusively.
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        let source = Location::caller();
        let granted = self.handle.perform(Action::TryLock, source);
        if granted.is_some_and(|granted| Action::TryLock.outcome(granted.before).0 == Mode::Probe) {
            return Err(TryLockError::WouldBlock);
        }
        let guard = |inner| RwLockWriteGuard { handle: self.handle, source, inner };
        self.inner.try_write().map(guard).map_err(|error| match error {
            TryLockError::WouldBlock => TryLockError::WouldBlock,
            TryLockError::Poisoned(p) => TryLockError::Poisoned(PoisonError::new(guard(p.into_inner()))),
        })
    }

    /// Returns the value. No lock and no event, because the access is exclusive.
    ///
    /// # Errors
    ///
    /// If a task panicked while it held the lock exclusively.
    #[track_caller]
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.handle.note_exclusive_access();
        self.inner.get_mut()
    }

    /// Whether a task panicked while it held the lock exclusively.
    pub fn is_poisoned(&self) -> bool {
        self.handle.read_contents();
        self.inner.is_poisoned()
    }
}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    fn drop(&mut self) {
        self.handle.perform(Action::UnlockShared, self.source);
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    fn drop(&mut self) {
        self.handle.perform(Action::Unlock, self.source);
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        RwLock::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
