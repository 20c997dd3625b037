//! Plain data that tasks share: what an [`UnsafeCell`](std::cell::UnsafeCell) holds in the real
//! program.

use std::fmt;
use std::panic::Location;
use std::sync::{PoisonError, RwLock};

use crate::event::{Action, MemoryOrder, Orders};
use crate::history::Holds;
use crate::runtime::Handle;

/// Plain data without synchronization of its own. Each access is one event.
///
/// [`Explorer::rc11`](crate::Explorer::rc11) reports a data race, with both places, if two accesses
/// conflict and neither happens before the other. The other modes explore the orders of the
/// accesses and report nothing.
///
/// # Examples
///
/// ```
/// use selvedge_engine::cell::UnsafeCell;
/// use selvedge_engine::sync::{Arc, atomic::{AtomicBool, Ordering}};
/// use selvedge_engine::{Explorer, Verdict, thread};
///
/// let publish = |order: Ordering| {
///     move || {
///         let shared = Arc::new((UnsafeCell::new(0), AtomicBool::new(false)));
///         let other = Arc::clone(&shared);
///         thread::spawn(move || {
///             other.0.set(1);
///             other.1.store(true, order);
///         });
///         if shared.1.load(Ordering::Acquire) {
///             assert_eq!(shared.0.get(), 1);
///         }
///     }
/// };
/// assert!(Explorer::rc11().run(publish(Ordering::Release)).is_complete());
/// let verdict = Explorer::rc11().run(publish(Ordering::Relaxed)).verdict();
/// let Verdict::Panic { report, .. } = verdict else { panic!("{verdict}") };
/// assert!(report.message.starts_with("data race on "), "{}", report.message);
/// ```
pub struct UnsafeCell<T> {
    handle: Handle,
    value: RwLock<T>,
}

impl<T> UnsafeCell<T> {
    /// Creates a cell with this value.
    #[track_caller]
    pub fn new(value: T) -> Self {
        UnsafeCell::named("a cell", value)
    }

    /// Creates a cell with this name for messages and traces.
    #[track_caller]
    pub fn named(name: &'static str, value: T) -> Self {
        UnsafeCell { handle: Handle::new(name, Holds::Value, 0), value: RwLock::new(value) }
    }

    /// Calls `read` with the value.
    ///
    /// # Panics
    ///
    /// If a task is writing the value: a closure of [`with_mut`](UnsafeCell::with_mut) has been
    /// interrupted.
    #[track_caller]
    pub fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        let orders = Orders::of(MemoryOrder::NotAtomic);
        self.handle.perform_ordered(Action::Read, orders, Location::caller());
        match self.value.try_read() {
            Ok(value) => read(&value),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => read(&poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => {
                panic!("data race: the value is read while it is written")
            }
        }
    }

    /// Calls `write` with the value, which it may change.
    ///
    /// # Panics
    ///
    /// If a task is accessing the value: its closure has been interrupted.
    #[track_caller]
    pub fn with_mut<R>(&self, write: impl FnOnce(&mut T) -> R) -> R {
        let orders = Orders::of(MemoryOrder::NotAtomic);
        self.handle.perform_ordered(Action::Write, orders, Location::caller());
        match self.value.try_write() {
            Ok(mut value) => write(&mut value),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => write(&mut poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => {
                panic!("data race: the value is written while it is accessed")
            }
        }
    }

    /// Returns the value.
    #[track_caller]
    pub fn get(&self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// Replaces the value.
    #[track_caller]
    pub fn set(&self, value: T) {
        self.with_mut(|old| *old = value);
    }

    /// Returns the value. No event, because the access is exclusive.
    pub fn into_inner(self) -> T {
        self.handle.read_contents();
        self.value.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Default> Default for UnsafeCell<T> {
    #[track_caller]
    fn default() -> Self {
        UnsafeCell::new(T::default())
    }
}

impl<T> fmt::Debug for UnsafeCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsafeCell").finish_non_exhaustive()
    }
}
