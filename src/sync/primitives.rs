//! The traits of the platform's primitives.

use std::hash::Hash;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Mutex, TierName};

/// A set of primitives for the cache to run on.
///
/// Their methods are `#[track_caller]`: a simulator shows the line of the cache that called them.
/// The names of atomics and the tiers of maps are for its traces too.
pub trait Primitives: Sized + Send + Sync + 'static {
    /// The atomic word.
    type AtomicU64: AtomicU64;

    /// The lock.
    type Mutex<T: Send + 'static>: Mutex<T>;

    /// The concurrent map.
    type Map<K: Key, V: Entry>: Map<K, V>;

    /// The concurrent queue.
    type Queue<T: Send + 'static>: Queue<T>;

    /// The clock.
    type Clock: Clock;

    /// Runs `future` to completion on the calling thread.
    fn block_on<F: Future>(future: F) -> F::Output;
}

/// The bounds of a key. Implemented for all types that satisfy them.
pub trait Key: Clone + Eq + Hash + Send + Sync + 'static {}

impl<T: Clone + Eq + Hash + Send + Sync + 'static> Key for T {}

/// The bounds of a map's value. Implemented for all types that satisfy them.
pub trait Entry: Clone + Send + Sync + 'static {}

impl<T: Clone + Send + Sync + 'static> Entry for T {}

/// An atomic word: the subset of [`std::sync::atomic::AtomicU64`] that the cache needs.
pub trait AtomicU64: Send + Sync {
    /// Creates a word with this value.
    #[track_caller]
    fn new(name: &'static str, value: u64) -> Self;

    /// Sets the format of the word in a simulator's traces. Without it, the word is a number.
    fn formatted_by(self, format: fn(u64) -> String) -> Self
    where
        Self: Sized,
    {
        let _ = format;
        self
    }

    /// Loads the value.
    #[track_caller]
    fn load(&self, ordering: Ordering) -> u64;

    /// Stores a value.
    #[track_caller]
    fn store(&self, value: u64, ordering: Ordering);

    /// Adds, wrapping on overflow. Returns the value before.
    #[track_caller]
    fn fetch_add(&self, value: u64, ordering: Ordering) -> u64;

    /// Stores `new` if the value is `current`. Returns whether it was. `success` is the ordering in
    /// that case; otherwise this is a relaxed load.
    #[track_caller]
    fn replace(&self, current: u64, new: u64, success: Ordering) -> bool;
}

/// A concurrent map. Each operation is atomic, and operations on the same key synchronise like
/// critical sections of one lock: an operation on a key happens before each later operation on it.
///
/// Each value has a word, its *tag*, which is 0 unless the caller sets it. It is changed under the
/// lock of the key, and [`touch`](Map::touch) sets bits in it.
///
/// No value is dropped under a lock of the map, so that a destructor may use the map. Closures of
/// operations on a key run under its lock, and must not use the map.
pub trait Map<K, V>: Send + Sync {
    /// Creates an empty map for this tier.
    #[track_caller]
    fn new(tier: TierName) -> Self;

    /// Returns a clone of the key's value.
    #[track_caller]
    fn get(&self, key: &K) -> Option<V>;

    /// Returns a clone of the key's value, and sets these bits of its tag. Touches of a key do not
    /// exclude each other; a touch that finds the bits set does not write to the entry.
    #[track_caller]
    fn touch(&self, key: &K, bits: u64) -> Option<V>;

    /// Inserts the value with the tag 0. Returns the value that it replaces, if any, with its tag.
    #[track_caller]
    fn insert(&self, key: K, value: V) -> Option<(V, u64)>;

    /// Removes the key's value, if any. Returns it with its tag.
    #[track_caller]
    fn remove(&self, key: &K) -> Option<(V, u64)>;

    /// Calls `make` once with the key's value and tag, and inserts the result. With `None` the map
    /// stays unchanged. No other operation on the key runs in between.
    #[track_caller]
    fn insert_with(&self, key: K, make: impl FnOnce(Option<(&V, u64)>) -> Option<(V, u64)>) -> Insertion<V>;

    /// Inserts the value with the tag 0 if `check` returns `true`; returns the result of `check`.
    /// `check` runs once. No other operation on the key runs between it and the insertion.
    #[track_caller]
    fn insert_if(&self, key: K, value: V, check: impl FnOnce() -> bool) -> bool {
        // Moved out of the closure: a refused value is not dropped under the lock.
        let mut new = Some((value, 0));
        let make = |_: Option<(&V, u64)>| if check() { new.take() } else { None };
        !matches!(self.insert_with(key, make), Insertion::Refused)
    }

    /// If the key has a value, calls `keep` with it. The value gets the returned tag, or is removed
    /// after `None`. Returns the removed value and its tag.
    #[track_caller]
    fn remove_unless(&self, key: &K, keep: impl FnOnce(&V, u64) -> Option<u64>) -> Option<(V, u64)>;

    /// Removes every value: each at some point during the call, not all at once. Calls `each` with
    /// each removed entry, under no lock.
    #[track_caller]
    fn clear(&self, each: impl FnMut(&K, &V, u64));
}

/// The result of [`Map::insert_with`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insertion<V> {
    /// Nothing was inserted.
    Refused,
    /// The key had no value.
    New,
    /// This value, with this tag, was replaced.
    Replaced(V, u64),
}

/// A concurrent queue, first in, first out. Its operations are sequentially consistent: they are in
/// the single total order of [`Ordering::SeqCst`] operations.
pub trait Queue<T>: Send + Sync {
    /// Creates an empty queue.
    #[track_caller]
    fn new(name: &'static str) -> Self;

    /// Adds an item at the end.
    #[track_caller]
    fn push(&self, item: T);

    /// Removes the first item.
    #[track_caller]
    fn pop(&self) -> Option<T>;
}

/// A monotonic clock. Clones show the same time.
pub trait Clock: Clone + Send + Sync {
    /// The time since the clock's start.
    #[track_caller]
    fn now(&self) -> Duration;

    /// The longest time by which [`now`](Clock::now) may be behind the true time. It is never
    /// ahead.
    fn lag(&self) -> Duration {
        Duration::ZERO
    }
}
