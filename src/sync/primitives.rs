//! What the cache asks of the platform.

use std::hash::Hash;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Mutex;

/// A set of primitives for the cache to run on.
///
/// The methods of its parts are `#[track_caller]`: a simulator shows the line of the cache that made the step. The
/// names that atomics and maps are given are for its traces too.
pub trait Primitives: Sized + Send + Sync + 'static {
    /// The atomic word.
    type AtomicU64: AtomicU64;

    /// The lock.
    type Mutex<T: Send + 'static>: Mutex<T>;

    /// The concurrent map.
    type Map<K: Key, V: Entry>: Map<K, V>;

    /// The clock.
    type Clock: Clock;

    /// Runs `future` to its end on the calling thread.
    fn block_on<F: Future>(future: F) -> F::Output;
}

/// What a key must be. Every type that can be is one.
pub trait Key: Clone + Eq + Hash + Send + Sync + 'static {}

impl<T: Clone + Eq + Hash + Send + Sync + 'static> Key for T {}

/// What a map's value must be. Every type that can be is one.
pub trait Entry: Clone + Send + Sync + 'static {}

impl<T: Clone + Send + Sync + 'static> Entry for T {}

/// An atomic word: [`std::sync::atomic::AtomicU64`], as far as the cache needs it.
pub trait AtomicU64: Send + Sync {
    /// A word that holds `value`.
    #[track_caller]
    fn new(name: &'static str, value: u64) -> Self;

    /// The word's value.
    #[track_caller]
    fn load(&self, ordering: Ordering) -> u64;

    /// Adds, wrapping around at the end of the range. Returns the value before.
    #[track_caller]
    fn fetch_add(&self, value: u64, ordering: Ordering) -> u64;

    /// Puts `new` in the place of `current`, if that is the value. Returns whether it was. `success` is the ordering then;
    /// otherwise it is a relaxed load.
    #[track_caller]
    fn replace(&self, current: u64, new: u64, success: Ordering) -> bool;
}

/// A concurrent map. Each operation is atomic, and operations on the same key synchronise as sections of one lock do:
/// what happened before an operation on a key happens before every later operation on it.
pub trait Map<K, V>: Send + Sync {
    /// An empty map.
    #[track_caller]
    fn new(name: &'static str) -> Self;

    /// A clone of the key's value.
    #[track_caller]
    fn get(&self, key: &K) -> Option<V>;

    /// Puts the value in the place of the one that was there, if any.
    #[track_caller]
    fn insert(&self, key: K, value: V);

    /// Removes the key's value, if any.
    #[track_caller]
    fn remove(&self, key: &K);

    /// Removes the value of every key: of each at some point of the call, and not of all at once.
    #[track_caller]
    fn clear(&self);

    /// Inserts if `check` holds; returns whether it did. `check` runs once, under the map's lock of the key: no other
    /// operation on the key comes between it and the insertion. It must not touch the map.
    #[track_caller]
    fn insert_if(&self, key: K, value: V, check: impl FnOnce() -> bool) -> bool;
}

/// A clock that never runs backwards. Clones show the same time.
pub trait Clock: Clone + Send + Sync {
    /// The time since the clock's start.
    #[track_caller]
    fn now(&self) -> Duration;
}
