//! The local tier: values with the time at which they expire.

use std::fmt;
use std::time::Duration;

use crate::sync::{Clock, Entry, Key, Map, Primitives};

/// The local tier.
pub struct L1<K: Key, V: Entry, P: Primitives> {
    map: P::Map<K, Cached<V>>,
    clock: P::Clock,
    ttl: Option<Duration>,
}

impl<K: Key, V: Entry, P: Primitives> L1<K, V, P> {
    /// An empty tier whose entries live for `ttl`; for ever, if it is `None`.
    pub fn new(clock: P::Clock, ttl: Option<Duration>) -> Self {
        L1 { map: P::Map::new("L1"), clock, ttl }
    }

    /// The key's value, unless it has expired. The clock is read only if there is an entry, and it can expire.
    #[track_caller]
    pub fn get(&self, key: &K) -> Option<V> {
        let Cached { value, expires_at } = self.map.get(key)?;
        match expires_at {
            Some(deadline) if self.clock.now() >= deadline => None,
            _ => Some(value),
        }
    }

    /// When an entry that begins to live now expires; `None` is "never". Without a TTL the clock is not read.
    #[track_caller]
    pub fn deadline(&self) -> Option<Duration> {
        match self.ttl {
            // A time past the end of `Duration` never comes.
            Some(ttl) => self.clock.now().checked_add(ttl),
            None => None,
        }
    }

    /// Puts a value there.
    #[track_caller]
    pub fn insert(&self, key: K, value: V, expires_at: Option<Duration>) {
        self.map.insert(key, Cached { value, expires_at });
    }

    /// Puts a value there if `check` holds, which runs under the lock of the key; returns whether it did.
    #[track_caller]
    pub fn insert_if(
        &self,
        key: K,
        value: V,
        expires_at: Option<Duration>,
        check: impl FnOnce() -> bool,
    ) -> bool {
        self.map.insert_if(key, Cached { value, expires_at }, check)
    }

    /// Removes the key's value.
    #[track_caller]
    pub fn remove(&self, key: &K) {
        self.map.remove(key);
    }

    /// Removes every key's value: of each at some point of the call.
    #[track_caller]
    pub fn clear(&self) {
        self.map.clear();
    }
}

impl<K: Key, V: Entry, P: Primitives> fmt::Debug for L1<K, V, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("L1").field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

/// An entry of the local tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached<V> {
    value: V,
    expires_at: Option<Duration>,
}

impl<V> Cached<V> {
    /// The value.
    pub fn value(&self) -> &V {
        &self.value
    }

    /// When it expires, on the cache's clock; `None` is "never".
    pub fn expires_at(&self) -> Option<Duration> {
        self.expires_at
    }
}
