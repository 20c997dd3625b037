//! A concurrent map. Each operation is one event on one key. Operations on different keys commute.
//!
//! A key's state says whether it is locked. The state of the map itself is the number of locked
//! keys.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::{FxHashMap, FxHasher};

use crate::event::{Action, Digest, Fingerprint, MemoryOrder, Orders, Pending};
use crate::history::Holds;
use crate::runtime::Handle;

/// The change of the map's state when a key is unlocked.
const UNPIN: u64 = 1u64.wrapping_neg();

/// A shared map.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use selvedge_engine::{Explorer, object::Map, thread};
///
/// // Operations on different keys commute: one execution is enough.
/// let report = Explorer::optimal().run(|| {
///     let map = Arc::new(Map::new());
///     for key in 0..4 {
///         let map = Arc::clone(&map);
///         thread::spawn(move || map.insert(key, "value"));
///     }
/// });
/// assert_eq!(report.executions, 1);
/// ```
pub struct Map<K, V> {
    handle: Handle,
    entries: Mutex<FxHashMap<K, V>>,
    /// The digest of a value, if there is one.
    digest: Option<fn(&V, &mut dyn Hasher)>,
    /// The program never observes the set of keys, except by waiting until no key is locked.
    is_unlisted: bool,
    orders: Orders,
}

impl<K: Eq + Hash, V> Map<K, V> {
    /// Creates an empty map.
    #[track_caller]
    pub fn new() -> Self {
        Map::named("a map")
    }

    /// Creates an empty map with this name for messages and traces.
    #[track_caller]
    pub fn named(name: &'static str) -> Self {
        Map {
            handle: Handle::new(name, Holds::Value, 0),
            entries: Mutex::new(FxHashMap::default()),
            digest: None,
            is_unlisted: false,
            orders: Orders::default(),
        }
    }

    /// Creates an empty map with this name, for values that implement `Hash`: a [search of
    /// states](crate::Explorer::stateful) compares the values. The hashes of keys and values must
    /// include every part that `Eq` compares.
    #[track_caller]
    pub fn hashed(name: &'static str) -> Self
    where
        V: Hash,
    {
        Map::digested(name, |value, mut state| value.hash(&mut state))
    }

    /// Like [`hashed`](Map::hashed). `digest` hashes every part of a value that a task can observe.
    #[track_caller]
    pub fn digested(name: &'static str, digest: fn(&V, &mut dyn Hasher)) -> Self {
        let map = Map { digest: Some(digest), ..Map::named(name) };
        map.handle.report_contents(None, || Fingerprint::NONE);
        map
    }

    /// Disables [`len`](Map::len), [`is_empty`](Map::is_empty), [`keys`](Map::keys) and
    /// [`to_vec`](Map::to_vec). A task that finds a [key locked](Map::entry) can then only wait for
    /// it, so a [search of states](crate::Explorer::stateful) has no state right after a key is
    /// locked or right before it is unlocked.
    ///
    /// # Panics
    ///
    /// The disabled methods panic.
    #[must_use]
    pub fn unlisted(self) -> Self {
        Map { is_unlisted: true, ..self }
    }

    /// Declares that the map is outside of the program's memory, such as a server's: its operations
    /// order no accesses of memory. Only [`Explorer::rc11`](crate::Explorer::rc11) distinguishes
    /// this. Otherwise an operation synchronizes with the earlier ones on its key, as those of a
    /// map with locks do.
    #[must_use]
    pub fn outside_memory(self) -> Self {
        Map { orders: Orders::of(MemoryOrder::Outside), ..self }
    }

    /// Returns the value of `key`.
    #[track_caller]
    pub fn get(&self, key: &K) -> Option<V>
    where
        V: Clone,
    {
        self.read_key(hash(key), Location::caller());
        self.entries().get(key).cloned()
    }

    /// Calls `look` with the value of `key`, and returns its result. It counts as a read: changes
    /// inside the value must have the same effect in every order of reads.
    ///
    /// `look` must not use objects of the engine.
    #[track_caller]
    pub fn look<R>(&self, key: &K, look: impl FnOnce(&V) -> R) -> Option<R> {
        let hash = hash(key);
        self.read_key(hash, Location::caller());
        let result = self.entries().get(key).map(look);
        match self.digest {
            Some(_) => self.report_contents(hash),
            None => self.handle.change(hash),
        }
        result
    }

    /// Whether `key` has a value.
    #[track_caller]
    pub fn contains_key(&self, key: &K) -> bool {
        self.read_key(hash(key), Location::caller());
        self.entries().contains_key(key)
    }

    /// Inserts a value for `key`, and returns the old one.
    #[track_caller]
    pub fn insert(&self, key: K, value: V) -> Option<V> {
        self.write_key(hash(&key), Location::caller());
        let hash = hash(&key);
        let old = self.entries().insert(key, value);
        self.report_contents(hash);
        old
    }

    /// Removes and returns the value of `key`.
    #[track_caller]
    pub fn remove(&self, key: &K) -> Option<V> {
        self.write_key(hash(key), Location::caller());
        let old = self.entries().remove(key);
        self.report_contents(hash(key));
        old
    }

    /// Calls `change` with the entry of `key`, and stores the result: one event, like
    /// [`insert`](Map::insert).
    ///
    /// `change` must not use objects of the engine.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_engine::object::Map;
    ///
    /// let map = Map::new();
    /// map.update("visits", |visits| *visits.get_or_insert(0) += 1);
    /// map.update("visits", |visits| *visits.get_or_insert(0) += 1);
    /// assert_eq!(map.update("visits", Option::take), Some(2));
    /// assert!(map.is_empty());
    /// ```
    #[track_caller]
    pub fn update<R>(&self, key: K, change: impl FnOnce(&mut Option<V>) -> R) -> R {
        self.write_key(hash(&key), Location::caller());
        let hash = hash(&key);
        let mut entries = self.entries();
        let mut value = entries.remove(&key);
        let result = change(&mut value);
        if let Some(value) = value {
            entries.insert(key, value);
        }
        drop(entries);
        self.report_contents(hash);
        result
    }

    /// Locks `key`: until the entry is dropped, other operations on the key wait.
    #[track_caller]
    pub fn entry(&self, key: K) -> Entry<'_, K, V>
    where
        K: Clone,
    {
        let (source, hash) = (Location::caller(), hash(&key));
        self.perform_on_lock(hash, Action::Lock, Action::Pin(1), source);
        Entry { map: self, key, hash, source, new: None }
    }

    /// Locks `key` until [`unlock`](Map::unlock): other operations on the key wait. For a lock that
    /// is held across calls; prefer [`entry`](Map::entry), which unlocks by itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use selvedge_engine::{Explorer, object::Map, thread};
    ///
    /// let report = Explorer::optimal().run(|| {
    ///     let map = Arc::new(Map::<&str, ()>::new());
    ///     for _ in 0..2 {
    ///         let map = Arc::clone(&map);
    ///         thread::spawn(move || {
    ///             map.lock(&"a");
    ///             map.unlock(&"a");
    ///         });
    ///     }
    /// });
    /// assert_eq!((report.executions, report.deadlocks), (2, 0));
    /// ```
    #[track_caller]
    pub fn lock(&self, key: &K) {
        self.perform_on_lock(hash(key), Action::Lock, Action::Pin(1), Location::caller());
    }

    /// Unlocks `key`, which the caller has [locked](Map::lock).
    #[track_caller]
    pub fn unlock(&self, key: &K) {
        let hash = hash(key);
        self.perform_on_lock(hash, Action::Unlock, Action::Update(UNPIN), Location::caller());
        self.report_contents(hash);
    }

    /// The number of keys. Conflicts with every operation that may change the keys, and with no
    /// read.
    #[track_caller]
    pub fn len(&self) -> usize {
        self.check_listed();
        self.handle.perform(Action::Read, Location::caller());
        self.entries().len()
    }

    /// Whether the map is empty.
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The keys in ascending order. One event, which sees each other operation completely or not at
    /// all, and does not wait for locked keys. Conflicts like [`len`](Map::len).
    #[track_caller]
    pub fn keys(&self) -> Vec<K>
    where
        K: Ord + Clone,
    {
        self.check_listed();
        self.handle.perform(Action::Read, Location::caller());
        let mut keys: Vec<K> = self.entries().keys().cloned().collect();
        keys.sort_unstable();
        keys
    }

    /// Like [`keys`](Map::keys), for keys without an order: the order is arbitrary and the same in
    /// each run. Waits until no key is locked, and conflicts with every operation on the map, like
    /// [`clear`](Map::clear).
    #[track_caller]
    pub fn unordered_keys(&self) -> Vec<K>
    where
        K: Clone,
    {
        self.handle.perform(Action::WriteUnlocked, Location::caller());
        let mut keys: Vec<K> = self.entries().keys().cloned().collect();
        keys.sort_by_key(hash);
        keys
    }

    /// The keys and their values in ascending order of keys; otherwise like [`keys`](Map::keys).
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_engine::object::Map;
    ///
    /// let map = Map::new();
    /// map.insert(2, "b");
    /// map.insert(1, "a");
    /// assert_eq!(map.to_vec(), [(1, "a"), (2, "b")]);
    /// ```
    #[track_caller]
    pub fn to_vec(&self) -> Vec<(K, V)>
    where
        K: Ord + Clone,
        V: Clone,
    {
        self.check_listed();
        self.handle.perform(Action::Read, Location::caller());
        let entries = self.entries();
        let mut entries: Vec<_> = entries.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        entries
    }

    /// Waits until no key is locked, and removes all keys. Conflicts with every operation on the
    /// map.
    #[track_caller]
    pub fn clear(&self) {
        self.handle.perform(Action::WriteUnlocked, Location::caller());
        let gone = std::mem::take(&mut *self.entries());
        if self.digest.is_some() {
            self.handle.report_contents(None, || Fingerprint::NONE);
            gone.keys().for_each(|key| self.handle.report_contents(Some(hash(key)), || Fingerprint::NONE));
        }
    }

    #[inline]
    fn read_key(&self, hash: u64, source: &'static Location<'static>) {
        self.handle.perform_on_key(hash, Action::ReadUnlocked, Action::Glance, self.orders, source);
    }

    #[inline]
    fn write_key(&self, hash: u64, source: &'static Location<'static>) {
        self.handle.perform_on_key(hash, Action::WriteUnlocked, Action::Update(0), self.orders, source);
    }

    /// Locks or unlocks a key.
    fn perform_on_lock(
        &self,
        hash: u64,
        on_key: Action,
        on_whole: Action,
        source: &'static Location<'static>,
    ) {
        if let Some(key) = self.handle.key(hash) {
            let pending = Pending::several([(key, on_key), (self.handle.location(), on_whole)], source);
            let pending = pending.ordered(self.orders);
            self.handle.perform_all(&if self.is_unlisted { pending.mover() } else { pending });
        }
    }

    #[track_caller]
    fn check_listed(&self) {
        assert!(
            !self.is_unlisted,
            "an unlisted map cannot list its keys. Make it without Map::unlisted, or use unordered_keys or clear, which \
             wait until no key is locked"
        );
    }

    /// Reports the values under keys with this hash to the search of states.
    #[inline]
    fn report_contents(&self, hash: u64) {
        if let Some(digest) = self.digest {
            self.handle.report_contents(Some(hash), || self.digest_of(hash, digest));
        }
    }

    /// All keys with the same hash share a location.
    fn digest_of(&self, of: u64, digest: fn(&V, &mut dyn Hasher)) -> Fingerprint {
        let mut all = Fingerprint::NONE;
        for (key, value) in self.entries().iter().filter(|(key, _)| hash(key) == of) {
            let mut state = Digest::default();
            key.hash(&mut state);
            digest(value, &mut state);
            all.add(state.fingerprint());
        }
        all
    }

    fn entries(&self) -> MutexGuard<'_, FxHashMap<K, V>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A locked key.
pub struct Entry<'a, K: Eq + Hash + Clone, V> {
    map: &'a Map<K, V>,
    key: K,
    hash: u64,
    source: &'static Location<'static>,
    /// The value that the unlock stores.
    new: Option<V>,
}

impl<K: Eq + Hash + Clone, V> Entry<'_, K, V> {
    /// Returns the value.
    pub fn get(&self) -> Option<V>
    where
        V: Clone,
    {
        self.map.entries().get(&self.key).cloned()
    }

    /// Unlocks the key and stores the value, in one event.
    pub fn insert(mut self, value: V) {
        self.new = Some(value);
    }
}

impl<K: Eq + Hash + Clone, V> Drop for Entry<'_, K, V> {
    fn drop(&mut self) {
        self.map.perform_on_lock(self.hash, Action::Unlock, Action::Update(UNPIN), self.source);
        if let Some(value) = self.new.take() {
            self.map.entries().insert(self.key.clone(), value);
        }
        self.map.report_contents(self.hash);
    }
}

impl<K: Eq + Hash, V> Default for Map<K, V> {
    #[track_caller]
    fn default() -> Self {
        Map::new()
    }
}

impl<K, V> fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map").finish_non_exhaustive()
    }
}

impl<K: Eq + Hash + Clone + fmt::Debug, V> fmt::Debug for Entry<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("key", &self.key).finish_non_exhaustive()
    }
}

/// A hash of the key that is the same in every run and on every machine.
pub(super) fn hash(key: &impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    key.hash(&mut hasher);
    hasher.finish()
}
