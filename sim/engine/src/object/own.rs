//! A value of the caller's own type, as an object with declared operations.

use std::fmt;
use std::hash::Hash;
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use super::map::hash;
use crate::event::{Action, Orders};
use crate::history::Holds;
use crate::runtime::{self, Handle};

/// A shared value with declared operations. Each operation is one event, and reads or writes one
/// part of the value (named by a key of any type) or all of it.
///
/// | | `read` | `write` | `read_all` | `write_all` |
/// |---|---|---|---|---|
/// | `read` | commute | commute, if the keys differ | commute | conflict |
/// | `write` | | commute, if the keys differ | conflict | conflict |
/// | `read_all` | | | commute | conflict |
/// | `write_all` | | | | conflict |
///
/// # The caller's promise
///
/// The engine does not inspect the value. Where the table says *commute*, the two closures must
/// have the same effect in either order: the same observable value and the same results. A `read`
/// that reads another key's part, or a `write` whose result depends on one, breaks the promise, and
/// the search misses schedules. If in doubt, use [`read_all`](Object::read_all) and
/// [`write_all`](Object::write_all): they are always correct, and add schedules.
///
/// A closure must neither use another object of the engine nor wait: no other task runs meanwhile.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use selvedge_engine::{Explorer, object::Object, thread};
///
/// // Two accounts. Deposits to different accounts commute; reading the sum conflicts with both.
/// let report = Explorer::optimal().run(|| {
///     let accounts = Arc::new(Object::new([0; 2]));
///     for own in 0..2 {
///         let accounts = Arc::clone(&accounts);
///         thread::spawn(move || accounts.write(own, |balances| balances[own] += 10));
///     }
///     let sum = accounts.read_all(|balances| balances.iter().sum::<u32>());
///     assert!(sum <= 20);
/// });
/// assert_eq!(report.executions, 4);
/// ```
pub struct Object<T> {
    handle: Handle,
    value: Mutex<T>,
}

/// The part that an operation of an [`Object`] accesses, if it is known only at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch<K> {
    /// Like [`Object::read`].
    Read(K),
    /// Like [`Object::write`].
    Write(K),
    /// Like [`Object::read_all`].
    ReadAll,
    /// Like [`Object::write_all`].
    WriteAll,
}

impl<T> Object<T> {
    /// Creates an object with this value.
    #[track_caller]
    pub fn new(value: T) -> Self {
        Object::named("an object", value)
    }

    /// Creates an object with this value, and a name for messages and traces.
    #[track_caller]
    pub fn named(name: &'static str, value: T) -> Self {
        Object { handle: Handle::new(name, Holds::Value, 0), value: Mutex::new(value) }
    }

    /// Reads the part with this key.
    #[track_caller]
    pub fn read<K: Hash, R>(&self, key: K, look: impl FnOnce(&T) -> R) -> R {
        self.handle.perform_on_key(
            hash(&key),
            Action::Read,
            Action::Glance,
            Orders::default(),
            Location::caller(),
        );
        look(&self.value())
    }

    /// Reads and writes the part with this key.
    #[track_caller]
    pub fn write<K: Hash, R>(&self, key: K, change: impl FnOnce(&mut T) -> R) -> R {
        self.handle.perform_on_key(
            hash(&key),
            Action::Write,
            Action::Update(0),
            Orders::default(),
            Location::caller(),
        );
        change(&mut self.value())
    }

    /// Reads the whole value.
    #[track_caller]
    pub fn read_all<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        self.handle.perform(Action::Read, Location::caller());
        look(&self.value())
    }

    /// Reads and writes the whole value.
    #[track_caller]
    pub fn write_all<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        self.handle.perform(Action::Write, Location::caller());
        change(&mut self.value())
    }

    /// Performs the access `touch`, and passes the time of the [virtual clock](crate::time) since
    /// the start of the run to `act`, in one event. (So it conflicts with advances of the clock.)
    /// Outside an exploration the time is zero.
    #[track_caller]
    pub fn touch<K: Hash, R>(&self, touch: Touch<K>, act: impl FnOnce(&mut T, Duration) -> R) -> R {
        let (on_key, on_whole) = match touch {
            Touch::Read(key) => (Some((hash(&key), Action::Read)), Action::Glance),
            Touch::Write(key) => (Some((hash(&key), Action::Write)), Action::Update(0)),
            Touch::ReadAll => (None, Action::Read),
            Touch::WriteAll => (None, Action::Write),
        };
        let now = self.handle.perform_at(on_key, on_whole, Location::caller());
        act(&mut self.value(), Duration::from_nanos(now.unwrap_or_default()))
    }

    /// Locks the value for one event.
    #[track_caller]
    fn value(&self) -> MutexGuard<'_, T> {
        if !runtime::exploring() {
            return self.value.lock().unwrap_or_else(PoisonError::into_inner);
        }
        match self.value.try_lock() {
            Ok(value) => value,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => panic!(
                "an operation of this object was still running: its closure has used another object of the engine, or \
                 this one. An operation is one step: read its inputs before it, and use other objects before or after it"
            ),
        }
    }
}

impl<T: Default> Default for Object<T> {
    #[track_caller]
    fn default() -> Self {
        Object::new(T::default())
    }
}

impl<T> fmt::Debug for Object<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object").finish_non_exhaustive()
    }
}
