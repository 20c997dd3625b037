//! The map and the queue of loom and shuttle: a lock of the engine around a plain collection.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::marker::PhantomData;

use selvedge::sync::{Entry, Insertion, Key, Map, Mutex, Queue, TierName};

/// The content of a [`LockedMap`]: values with their tags. The hash has no seed, so that executions
/// are repeatable.
pub type Entries<K, V> = HashMap<K, (V, u64), BuildHasherDefault<DefaultHasher>>;

/// A plain map, with tags, under the lock `M`.
pub struct LockedMap<K, V, M> {
    entries: M,
    content: PhantomData<fn() -> Entries<K, V>>,
}

impl<K: Key, V: Entry, M> Map<K, V> for LockedMap<K, V, M>
where
    M: Mutex<Entries<K, V>>,
{
    fn new(tier: TierName) -> Self {
        LockedMap { entries: M::new(tier.as_str(), Entries::default()), content: PhantomData }
    }

    fn get(&self, key: &K) -> Option<V> {
        self.entries.with(|entries| entries.get(key).map(|(value, _)| value.clone()))
    }

    fn touch(&self, key: &K, bits: u64) -> Option<V> {
        self.entries.with(|entries| {
            let (value, tag) = entries.get_mut(key)?;
            *tag |= bits;
            Some(value.clone())
        })
    }

    fn insert(&self, key: K, value: V) -> Option<(V, u64)> {
        self.entries.with(|entries| entries.insert(key, (value, 0)))
    }

    fn remove(&self, key: &K) -> Option<(V, u64)> {
        self.entries.with(|entries| entries.remove(key))
    }

    fn insert_with(&self, key: K, make: impl FnOnce(Option<(&V, u64)>) -> Option<(V, u64)>) -> Insertion<V> {
        self.entries.with(|entries| {
            let old = entries.get(&key);
            let Some(new) = make(old.map(|(value, tag)| (value, *tag))) else { return Insertion::Refused };
            match entries.insert(key, new) {
                Some((value, tag)) => Insertion::Replaced(value, tag),
                None => Insertion::New,
            }
        })
    }

    fn remove_unless(&self, key: &K, keep: impl FnOnce(&V, u64) -> Option<u64>) -> Option<(V, u64)> {
        self.entries.with(|entries| {
            let (value, tag) = entries.get_mut(key)?;
            match keep(value, *tag) {
                Some(new) => {
                    *tag = new;
                    None
                }
                None => entries.remove(key),
            }
        })
    }

    fn clear(&self, mut each: impl FnMut(&K, &V, u64)) {
        let mut keys: Vec<K> = self.entries.with(|entries| entries.keys().cloned().collect());
        // A hash map does not specify the order of its keys.
        keys.sort_by_key(|key| BuildHasherDefault::<DefaultHasher>::default().hash_one(key));
        for key in keys {
            if let Some((value, tag)) = self.remove(&key) {
                each(&key, &value, tag);
            }
        }
    }
}

impl<K, V, M> fmt::Debug for LockedMap<K, V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Omits the entries: locking them would be a step of the program.
        f.debug_struct("LockedMap").finish_non_exhaustive()
    }
}

/// A plain queue under the lock `M`.
pub struct LockedQueue<T, M> {
    items: M,
    content: PhantomData<fn() -> T>,
}

impl<T: Send, M> Queue<T> for LockedQueue<T, M>
where
    M: Mutex<VecDeque<T>>,
{
    fn new(name: &'static str) -> Self {
        LockedQueue { items: M::new(name, VecDeque::new()), content: PhantomData }
    }

    fn push(&self, item: T) {
        self.items.with(|items| items.push_back(item));
    }

    fn pop(&self) -> Option<T> {
        self.items.with(VecDeque::pop_front)
    }
}

impl<T, M> fmt::Debug for LockedQueue<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Omits the items: locking them would be a step of the program.
        f.debug_struct("LockedQueue").finish_non_exhaustive()
    }
}
