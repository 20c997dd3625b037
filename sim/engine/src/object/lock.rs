//! A value under a lock, which a search of states compares by its digest.

use std::fmt;
use std::hash::Hasher;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

use crate::event::{Action, Digest, MemoryOrder, Orders, Pending};
use crate::history::Holds;
use crate::runtime::Handle;

/// A value under a lock, as in a [`Mutex`](crate::sync::Mutex).
///
/// A [search of states](crate::Explorer::stateful) treats two values of a mutex as different if the
/// tasks that stored them had observed different values. With a [digest](Lock::digested) it
/// compares the values themselves, so more states are equal.
///
/// # Examples
///
/// ```
/// use std::hash::{Hash, Hasher};
/// use std::sync::Arc;
/// use selvedge_engine::object::Lock;
/// use selvedge_engine::{Explorer, Script, scripted};
///
/// // Three tasks increment a count. The order does not affect the result.
/// let program = || {
///     let digest = |count: &u32, mut state: &mut dyn Hasher| count.hash(&mut state);
///     let count = Arc::new(Lock::digested("count", 0, digest));
///     let adder = |_| Script { name: "adder".to_owned(), operations: vec![()] };
///     scripted(&count, (0..3).map(adder), |count, ()| count.with(|count| *count += 1));
/// };
/// // One state for each set of tasks that have incremented.
/// assert_eq!(Explorer::stateful().run(program).states.unwrap().count, 8);
/// ```
pub struct Lock<T> {
    handle: Handle,
    value: Mutex<T>,
    digest: Option<fn(&T, &mut dyn Hasher)>,
    orders: Orders,
}

impl<T> Lock<T> {
    /// Creates an open lock around this value, with this name for messages and traces.
    #[track_caller]
    pub fn named(name: &'static str, value: T) -> Self {
        let handle = Handle::new(name, Holds::Value, 0);
        Lock { handle, value: Mutex::new(value), digest: None, orders: Orders::default() }
    }

    /// Like [`named`](Lock::named). `digest` hashes every part of the value that a task can
    /// observe.
    #[track_caller]
    pub fn digested(name: &'static str, value: T, digest: fn(&T, &mut dyn Hasher)) -> Self {
        let lock = Lock { digest: Some(digest), ..Lock::named(name, value) };
        lock.report_contents(&lock.value.lock().unwrap_or_else(PoisonError::into_inner));
        lock
    }

    /// Declares that the lock is outside of the program's memory, such as a server's: see
    /// [`Map::outside_memory`](super::Map::outside_memory).
    #[must_use]
    pub fn outside_memory(self) -> Self {
        Lock { orders: Orders::of(MemoryOrder::Outside), ..self }
    }

    /// Waits until the lock is free, and calls `action` with the value. A panic in `action` does
    /// not poison the lock.
    #[track_caller]
    pub fn with<R>(&self, action: impl FnOnce(&mut T) -> R) -> R {
        let source = Location::caller();
        let perform = |action| {
            let pending = Pending::one(self.handle.location(), action, source).ordered(self.orders);
            self.handle.perform_all(&pending.mover());
        };
        perform(Action::Lock);
        let unlock = Unlock(|| perform(Action::Unlock));
        let mut value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        let result = action(&mut value);
        drop(unlock);
        self.report_contents(&value);
        result
    }

    /// Reports the value to the search of states.
    fn report_contents(&self, value: &T) {
        let Some(digest) = self.digest else { return };
        self.handle.report_contents(None, || {
            let mut state = Digest::default();
            digest(value, &mut state);
            state.fingerprint()
        });
    }
}

/// Unlocks when dropped, also during a panic.
struct Unlock<F: Fn()>(F);

impl<F: Fn()> Drop for Unlock<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

impl<T: fmt::Debug> fmt::Debug for Lock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
