//! A mutex, as [`std::sync::Mutex`].

use std::fmt;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{self, LockResult, PoisonError, TryLockError, TryLockResult};

use crate::event::{Action, Mode, Pending};
use crate::history::Holds;
use crate::runtime::{self, Handle};

/// A mutual exclusion lock. The schedule chooses which of the waiting tasks gets it next.
///
/// The value is stored in a [`std::sync::Mutex`] that at most one task locks at a time, so
/// poisoning, `Send` and `Sync` are std's. Outside an exploration it is std's mutex.
pub struct Mutex<T: ?Sized> {
    handle: Handle,
    inner: sync::Mutex<T>,
}

/// Unlocks the mutex when dropped.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized> {
    unlock: Unlock,
    /// Dropped after the unlock was executed, before another task can run.
    inner: sync::MutexGuard<'a, T>,
    mutex: &'a Mutex<T>,
}

/// Executes the unlock when dropped.
struct Unlock {
    handle: Handle,
    source: &'static Location<'static>,
}

impl<T> Mutex<T> {
    /// Creates an unlocked mutex.
    #[track_caller]
    pub fn new(value: T) -> Self {
        Mutex::named("a mutex", value)
    }

    /// Creates an unlocked mutex with this name for messages and traces.
    #[track_caller]
    pub fn named(name: &'static str, value: T) -> Self {
        Mutex { handle: Handle::new(name, Holds::Value, 0), inner: sync::Mutex::new(value) }
    }

    /// Returns the value.
    ///
    /// # Errors
    ///
    /// If a task panicked while it held the lock.
    pub fn into_inner(self) -> LockResult<T> {
        self.handle.read_contents();
        self.inner.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits until no task holds the lock, and takes it.
    ///
    /// # Errors
    ///
    /// If a task panicked while it held the lock; the error has the guard.
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        self.lock_at(Location::caller())
    }

    /// [`lock`](Mutex::lock), called at `source`.
    pub(super) fn lock_at(&self, source: &'static Location<'static>) -> LockResult<MutexGuard<'_, T>> {
        self.handle.perform(Action::Lock, source);
        match self.inner.lock() {
            Ok(inner) => Ok(self.guard(inner, source)),
            // Poisoned by a task that was unwound because the run was aborted, like this one. A
            // destructor may unwrap the result, and must not panic.
            Err(poisoned) if runtime::aborting() => Ok(self.guard(poisoned.into_inner(), source)),
            Err(poisoned) => Err(PoisonError::new(self.guard(poisoned.into_inner(), source))),
        }
    }

    /// Takes the lock if no task holds it.
    ///
    /// # Errors
    ///
    /// If a task holds the lock, or panicked while it held it.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let source = Location::caller();
        let granted = self.handle.perform(Action::TryLock, source);
        if granted.is_some_and(|granted| Action::TryLock.outcome(granted.before).0 == Mode::Probe) {
            return Err(TryLockError::WouldBlock);
        }
        match self.inner.try_lock() {
            Ok(inner) => Ok(self.guard(inner, source)),
            Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
            Err(TryLockError::Poisoned(poisoned)) => {
                Err(TryLockError::Poisoned(PoisonError::new(self.guard(poisoned.into_inner(), source))))
            }
        }
    }

    /// Returns the value. No lock and no event, because the access is exclusive.
    ///
    /// # Errors
    ///
    /// If a task panicked while it held the lock.
    #[track_caller]
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.handle.note_exclusive_access();
        self.inner.get_mut()
    }

    /// Whether a task panicked while it held the lock.
    pub fn is_poisoned(&self) -> bool {
        self.handle.read_contents();
        self.inner.is_poisoned()
    }

    /// Clears the poisoned flag.
    #[track_caller]
    pub fn clear_poison(&self) {
        self.handle.note_exclusive_access();
        self.inner.clear_poison();
    }

    fn guard<'a>(
        &'a self,
        inner: sync::MutexGuard<'a, T>,
        source: &'static Location<'static>,
    ) -> MutexGuard<'a, T> {
        MutexGuard { unlock: Unlock { handle: self.handle, source }, inner, mutex: self }
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Unlocks the mutex and performs `and` in one event. Returns the mutex.
    pub(super) fn unlock_and(
        self,
        handle: &Handle,
        and: Action,
        source: &'static Location<'static>,
    ) -> &'a Mutex<T> {
        let MutexGuard { unlock, inner, mutex } = self;
        let actions = [(handle.location(), and), (unlock.handle.location(), Action::Unlock)];
        handle.perform_all(&Pending::several(actions, source));
        mem::forget(unlock);
        drop(inner);
        mutex
    }

    /// Passes std's guard to `action`, and continues with the guard that it returns.
    pub(super) fn with_std<R>(
        self,
        action: impl FnOnce(sync::MutexGuard<'a, T>) -> LockResult<(sync::MutexGuard<'a, T>, R)>,
    ) -> LockResult<(MutexGuard<'a, T>, R)> {
        let MutexGuard { unlock, inner, mutex } = self;
        match action(inner) {
            Ok((inner, result)) => Ok((MutexGuard { unlock, inner, mutex }, result)),
            Err(poisoned) => {
                let (inner, result) = poisoned.into_inner();
                Err(PoisonError::new((MutexGuard { unlock, inner, mutex }, result)))
            }
        }
    }
}

impl Drop for Unlock {
    fn drop(&mut self) {
        self.handle.perform(Action::Unlock, self.source);
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Mutex::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Mutex::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
