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

    /// The concurrent queue.
    type Queue<T: Send + 'static>: Queue<T>;

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

    /// Puts this value there.
    #[track_caller]
    fn store(&self, value: u64, ordering: Ordering);

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
///
/// Beside each value there is a word, its *tag*, which is 0 unless the caller gives another. It is changed under the lock
/// of the key, and [`touch`](Map::touch) sets bits in it.
///
/// No value is dropped under a lock of the map, so that a destructor may use the map. The closures of operations on a key
/// run under its lock, and must not touch the map.
pub trait Map<K, V>: Send + Sync {
    /// An empty map.
    #[track_caller]
    fn new(name: &'static str) -> Self;

    /// A clone of the key's value.
    #[track_caller]
    fn get(&self, key: &K) -> Option<V>;

    /// A clone of the key's value, whose tag has these bits from now on. Touches of a key do not exclude one another, and
    /// one that finds the bits set writes nothing of the entry.
    #[track_caller]
    fn touch(&self, key: &K, bits: u64) -> Option<V>;

    /// Puts the value there, with the tag 0. Returns the one whose place it takes, if any, with its tag.
    #[track_caller]
    fn insert(&self, key: K, value: V) -> Option<(V, u64)>;

    /// Removes the key's value, if any. Returns it with its tag.
    #[track_caller]
    fn remove(&self, key: &K) -> Option<(V, u64)>;

    /// Calls `make` once, with what the key has, and puts what it returns in its place. `None` leaves all as it was. No
    /// other operation on the key comes between.
    #[track_caller]
    fn insert_with(&self, key: K, make: impl FnOnce(Option<(&V, u64)>) -> Option<(V, u64)>) -> Insertion<V>;

    /// Inserts with the tag 0 if `check` holds; returns whether it did. `check` runs once. No other operation on the key
    /// comes between it and the insertion.
    #[track_caller]
    fn insert_if(&self, key: K, value: V, check: impl FnOnce() -> bool) -> bool {
        // Taken from outside of the closure: what is refused is not dropped under the lock.
        let mut new = Some((value, 0));
        let make = |_: Option<(&V, u64)>| if check() { new.take() } else { None };
        !matches!(self.insert_with(key, make), Insertion::Refused)
    }

    /// If the key has a value, calls `keep` with it: it stays, with the tag that is returned, or is removed for a `None`.
    /// Returns what was removed.
    #[track_caller]
    fn remove_unless(&self, key: &K, keep: impl FnOnce(&V, u64) -> Option<u64>) -> Option<(V, u64)>;

    /// Removes every value: each at some point of the call, and not all at once. `each` is called with what was removed,
    /// under no lock.
    #[track_caller]
    fn clear(&self, each: impl FnMut(&K, &V, u64));
}

/// What has come of [`Map::insert_with`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insertion<V> {
    /// Nothing was inserted.
    Refused,
    /// The key has its first value.
    New,
    /// This value, with this tag, has made room.
    Replaced(V, u64),
}

/// A concurrent queue, first in, first out. Its operations are among those that are sequentially consistent: they have
/// their places in the one order in which all threads see [`Ordering::SeqCst`].
pub trait Queue<T>: Send + Sync {
    /// An empty queue.
    #[track_caller]
    fn new(name: &'static str) -> Self;

    /// Puts an item at the end.
    #[track_caller]
    fn push(&self, item: T);

    /// Takes the first item.
    #[track_caller]
    fn pop(&self) -> Option<T>;
}

/// A clock that never runs backwards. Clones show the same time.
pub trait Clock: Clone + Send + Sync {
    /// The time since the clock's start.
    #[track_caller]
    fn now(&self) -> Duration;

    /// How far [`now`](Clock::now) may be behind the true time. It is never ahead of it.
    fn lag(&self) -> Duration {
        Duration::ZERO
    }
}
