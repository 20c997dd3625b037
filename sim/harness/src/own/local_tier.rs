//! A process-local tier for caches of one's own.

use selvedge::parts::L1;

use crate::backends::Engine;
use crate::history::{Key, Value};

/// A process-local tier: a concurrent map whose entries expire as the scenario says. Each method is one step of its
/// task, beside a look at the clock where entries can expire.
#[derive(Debug)]
pub struct LocalTier {
    l1: L1<Key, Value, Engine>,
}

impl LocalTier {
    pub(super) fn new(l1: L1<Key, Value, Engine>) -> Self {
        LocalTier { l1 }
    }

    /// The key's value, unless it has expired.
    #[track_caller]
    pub fn get(&self, key: Key) -> Option<Value> {
        self.l1.get(&key)
    }

    /// Gives the key a value.
    #[track_caller]
    pub fn insert(&self, key: Key, value: Value) {
        self.l1.insert(key, value, self.l1.deadline());
    }

    /// Gives the key a value if `check` holds, which runs under the lock of the key; returns whether it did.
    #[track_caller]
    pub fn insert_if(&self, key: Key, value: Value, check: impl FnOnce() -> bool) -> bool {
        self.l1.insert_if(key, value, self.l1.deadline(), check)
    }

    /// Removes the key's value.
    #[track_caller]
    pub fn remove(&self, key: Key) {
        self.l1.remove(&key);
    }

    /// Removes all values. It is a step that lists the keys, and one for each of them.
    #[track_caller]
    pub fn clear(&self) {
        self.l1.clear();
    }
}
