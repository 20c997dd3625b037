//! A process-local tier for custom caches.

use selvedge::parts::L1;

use crate::backends::Engine;
use crate::history::{Key, Value};

/// A process-local tier: a concurrent map whose entries expire according to the scenario. Each
/// method is one step of its task, plus a read of the clock if entries can expire.
#[derive(Debug)]
pub struct LocalTier {
    l1: L1<Key, Value, Engine>,
}

impl LocalTier {
    pub(super) fn new(l1: L1<Key, Value, Engine>) -> Self {
        LocalTier { l1 }
    }

    /// Returns the key's value, unless it has expired.
    #[track_caller]
    pub fn get(&self, key: Key) -> Option<Value> {
        self.l1.get(&key)
    }

    /// Sets the key's value.
    #[track_caller]
    pub fn insert(&self, key: Key, value: Value) {
        self.l1.insert(key, value, self.l1.deadline());
    }

    /// Sets the key's value if `check` returns true. `check` runs under the lock of the key.
    /// Returns whether the value was set.
    #[track_caller]
    pub fn insert_if(&self, key: Key, value: Value, check: impl FnOnce() -> bool) -> bool {
        self.l1.insert_if(key, value, self.l1.deadline(), check)
    }

    /// Removes the key's value.
    #[track_caller]
    pub fn remove(&self, key: Key) {
        self.l1.remove(&key);
    }

    /// Removes all values: one step lists the keys, and one step removes each.
    #[track_caller]
    pub fn clear(&self) {
        self.l1.clear();
    }
}
