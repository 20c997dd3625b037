//! A concurrent map: one event for each operation, on one key. Operations on different keys commute.
//!
//! A key's state says whether it is locked. The state of the map as a whole is the number of locked keys.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::{FxHashMap, FxHasher};

use crate::event::{Action, Digest, Fingerprint, Pending};
use crate::history::Holds;
use crate::runtime::Handle;

/// What a key that is unlocked adds to the state of the map.
const UNPIN: u64 = 1u64.wrapping_neg();

/// A map that tasks share.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use selvedge_engine::{Explorer, object::Map, thread};
///
/// // Different keys: every order comes to the same.
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
    /// What there is to know of a value, if that is known.
    digest: Option<fn(&V, &mut dyn Hasher)>,
    /// Nobody asks which keys there are, but for who waits until none is locked.
    is_unlisted: bool,
}

impl<K: Eq + Hash, V> Map<K, V> {
    /// An empty map.
    pub fn new() -> Self {
        Map::named("a map")
    }

    /// An empty map of this name, for messages and traces.
    pub fn named(name: &'static str) -> Self {
        Map {
            handle: Handle::new(name, Holds::Value, 0),
            entries: Mutex::new(FxHashMap::default()),
            digest: None,
            is_unlisted: false,
        }
    }

    /// An empty map of this name, whose values have a hash: a [search of states](crate::Explorer::stateful) can tell that
    /// two are the same, whoever has put them there. The hashes of keys and values must feed in all that their `Eq` compares.
    pub fn hashed(name: &'static str) -> Self
    where
        V: Hash,
    {
        Map::digested(name, |value, mut state| value.hash(&mut state))
    }

    /// As [`hashed`](Map::hashed), of values of which `digest` feeds in all that anybody can look at.
    pub fn digested(name: &'static str, digest: fn(&V, &mut dyn Hasher)) -> Self {
        let map = Map { digest: Some(digest), ..Map::named(name) };
        map.handle.settle(None, || Fingerprint::NONE);
        map
    }

    /// The same map, of which nobody asks how many keys it has, nor for [`keys`](Map::keys) or [`to_vec`](Map::to_vec). Then
    /// whoever finds a [key locked](Map::entry) can only wait for it, and a [search of states](crate::Explorer::stateful) need
    /// not stop where a key has just been locked, or is about to be unlocked.
    ///
    /// # Panics
    ///
    /// These methods do, from here on.
    #[must_use]
    pub fn unlisted(self) -> Self {
        Map { is_unlisted: true, ..self }
    }

    /// The value of `key`.
    #[track_caller]
    pub fn get(&self, key: &K) -> Option<V>
    where
        V: Clone,
    {
        self.handle.perform_on_key(hash(key), Action::ReadUnlocked, Action::Glance, Location::caller());
        self.entries().get(key).cloned()
    }

    /// Calls `look` with the value of `key`, and returns what it returns. It is a step that only looks: what it changes
    /// inside the value must come to the same in whatever order looks come.
    ///
    /// `look` must use no object of the engine.
    #[track_caller]
    pub fn look<R>(&self, key: &K, look: impl FnOnce(&V) -> R) -> Option<R> {
        let hash = hash(key);
        self.handle.perform_on_key(hash, Action::ReadUnlocked, Action::Glance, Location::caller());
        let result = self.entries().get(key).map(look);
        match self.digest {
            Some(_) => self.settle(hash),
            None => self.handle.change(hash),
        }
        result
    }

    /// Whether `key` has a value.
    #[track_caller]
    pub fn contains_key(&self, key: &K) -> bool {
        self.handle.perform_on_key(hash(key), Action::ReadUnlocked, Action::Glance, Location::caller());
        self.entries().contains_key(key)
    }

    /// Puts a value for `key`, and returns the old one.
    #[track_caller]
    pub fn insert(&self, key: K, value: V) -> Option<V> {
        self.handle.perform_on_key(hash(&key), Action::WriteUnlocked, Action::Update(0), Location::caller());
        let hash = hash(&key);
        let old = self.entries().insert(key, value);
        self.settle(hash);
        old
    }

    /// Takes the value of `key` away.
    #[track_caller]
    pub fn remove(&self, key: &K) -> Option<V> {
        self.handle.perform_on_key(hash(key), Action::WriteUnlocked, Action::Update(0), Location::caller());
        let old = self.entries().remove(key);
        self.settle(hash(key));
        old
    }

    /// Calls `change` with what there is of `key`, and leaves what it leaves: one step, as [`insert`](Map::insert) is.
    ///
    /// `change` must use no object of the engine.
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
        self.handle.perform_on_key(hash(&key), Action::WriteUnlocked, Action::Update(0), Location::caller());
        let hash = hash(&key);
        let mut entries = self.entries();
        let mut value = entries.remove(&key);
        let result = change(&mut value);
        if let Some(value) = value {
            entries.insert(key, value);
        }
        drop(entries);
        self.settle(hash);
        result
    }

    /// Locks `key`: until the entry is dropped, no other operation on the key goes on.
    #[track_caller]
    pub fn entry(&self, key: K) -> Entry<'_, K, V>
    where
        K: Clone,
    {
        let (source, hash) = (Location::caller(), hash(&key));
        self.perform_on_lock(hash, Action::Lock, Action::Pin(1), source);
        Entry { map: self, key, hash, source, new: None }
    }

    /// How many keys there are. Conflicts with whatever may change the keys, and with nothing that only reads.
    #[track_caller]
    pub fn len(&self) -> usize {
        self.check_listed();
        self.handle.perform(Action::Read, Location::caller());
        self.entries().len()
    }

    /// Whether there is no key.
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The keys, in their order. One step: it sees all of another operation or nothing of it, and does not wait for keys
    /// that are locked. Conflicts as [`len`](Map::len) does.
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

    /// As [`keys`](Map::keys), for keys that have no order: the order is arbitrary, and the same in each run. It waits until no
    /// key is locked, and conflicts with every operation on the map, as [`clear`](Map::clear) does.
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

    /// The keys and their values, in the order of the keys; otherwise as [`keys`](Map::keys).
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

    /// Takes all keys away, once none is locked. Conflicts with every operation on the map.
    #[track_caller]
    pub fn clear(&self) {
        self.handle.perform(Action::WriteUnlocked, Location::caller());
        let gone = std::mem::take(&mut *self.entries());
        if self.digest.is_some() {
            self.handle.settle(None, || Fingerprint::NONE);
            gone.keys().for_each(|key| self.handle.settle(Some(hash(key)), || Fingerprint::NONE));
        }
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
            self.handle.perform_all(&if self.is_unlisted { pending.mover() } else { pending });
        }
    }

    #[track_caller]
    fn check_listed(&self) {
        assert!(
            !self.is_unlisted,
            "an unlisted map is asked which keys it has. Make it without Map::unlisted, or use unordered_keys or clear, which \
             wait until no key is locked"
        );
    }

    /// What is kept under keys of this hash is what it is now, whoever has put it there.
    #[inline]
    fn settle(&self, hash: u64) {
        if let Some(digest) = self.digest {
            self.handle.settle(Some(hash), || self.digest_of(hash, digest));
        }
    }

    /// All keys of a hash share a location.
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

/// A key that is locked.
pub struct Entry<'a, K: Eq + Hash + Clone, V> {
    map: &'a Map<K, V>,
    key: K,
    hash: u64,
    source: &'static Location<'static>,
    /// What the key is given in the step that unlocks it.
    new: Option<V>,
}

impl<K: Eq + Hash + Clone, V> Entry<'_, K, V> {
    /// The value.
    pub fn get(&self) -> Option<V>
    where
        V: Clone,
    {
        self.map.entries().get(&self.key).cloned()
    }

    /// Puts a value, in the step that unlocks the key.
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
        self.map.settle(self.hash);
    }
}

impl<K: Eq + Hash, V> Default for Map<K, V> {
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

/// The same for equal keys, in every run and on every machine.
pub(super) fn hash(key: &impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    key.hash(&mut hasher);
    hasher.finish()
}
