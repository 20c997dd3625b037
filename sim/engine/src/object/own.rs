//! A value of the caller's own type, as an object: the caller says which operations touch what.

use std::fmt;
use std::hash::Hash;
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use super::map::hash;
use crate::event::Action;
use crate::history::Holds;
use crate::runtime::{self, Handle};

/// A value that tasks share, whose operations are declared: each is one step, and reads or writes one part of the value
/// (named by a key of any type) or all of it.
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
/// The engine does not look into the value. Where the table says *commute*, the two closures must come to the same in
/// either order: the same value, as far as any operation can tell, and the same results. A `read` that looks at another
/// key's part, or a `write` whose result depends on one, breaks the promise, and schedules will be missed. When in doubt
/// use [`read_all`](Object::read_all) and [`write_all`](Object::write_all): they are always right, and cost schedules.
///
/// A closure must use no other object of the engine, nor wait for anything: nothing else runs while it does.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use selvedge_engine::{Explorer, object::Object, thread};
///
/// // Two accounts. Deposits to different accounts commute, and a look at the sum conflicts with both.
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

/// What an operation of an [`Object`] touches, where that is not known before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch<K> {
    /// As [`Object::read`] does.
    Read(K),
    /// As [`Object::write`] does.
    Write(K),
    /// As [`Object::read_all`] does.
    ReadAll,
    /// As [`Object::write_all`] does.
    WriteAll,
}

impl<T> Object<T> {
    /// An object with this value.
    pub fn new(value: T) -> Self {
        Object::named("an object", value)
    }

    /// An object with this value and name, for messages and traces.
    pub fn named(name: &'static str, value: T) -> Self {
        Object { handle: Handle::new(name, Holds::Value, 0), value: Mutex::new(value) }
    }

    /// Looks at the part that `key` names.
    #[track_caller]
    pub fn read<K: Hash, R>(&self, key: K, look: impl FnOnce(&T) -> R) -> R {
        self.handle.perform_on_key(hash(&key), Action::Read, Action::Glance, Location::caller());
        look(&self.value())
    }

    /// Changes the part that `key` names, and may look at it.
    #[track_caller]
    pub fn write<K: Hash, R>(&self, key: K, change: impl FnOnce(&mut T) -> R) -> R {
        self.handle.perform_on_key(hash(&key), Action::Write, Action::Update(0), Location::caller());
        change(&mut self.value())
    }

    /// Looks at any of the value.
    #[track_caller]
    pub fn read_all<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        self.handle.perform(Action::Read, Location::caller());
        look(&self.value())
    }

    /// Changes any of the value, and may look at it.
    #[track_caller]
    pub fn write_all<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        self.handle.perform(Action::Write, Location::caller());
        change(&mut self.value())
    }

    /// Touches what it is told to, and hands over what the [virtual clock](crate::time) says in the same step: the time
    /// since the run began. (So a clock that goes on conflicts with it.) Outside an exploration, that is zero.
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

    /// The value, for one step.
    #[track_caller]
    fn value(&self) -> MutexGuard<'_, T> {
        if !runtime::exploring() {
            return self.value.lock().unwrap_or_else(PoisonError::into_inner);
        }
        match self.value.try_lock() {
            Ok(value) => value,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => panic!(
                "an operation of this object was still under way: its closure has used another object of the engine, or \
                 this one. An operation is one step: take what it needs before it, and use other objects after it"
            ),
        }
    }
}

impl<T: Default> Default for Object<T> {
    fn default() -> Self {
        Object::new(T::default())
    }
}

impl<T> fmt::Debug for Object<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object").finish_non_exhaustive()
    }
}
