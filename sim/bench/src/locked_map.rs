//! A lock around a plain map, on our engine: what loom and shuttle have for a map.

use selvedge::sync::Map;
use selvedge_engine::sync::Mutex;

/// A map of the one key that the program has.
pub(crate) struct LockedMap {
    entry: Mutex<Option<u64>>,
}

impl Map<(), u64> for LockedMap {
    fn new(_name: &'static str) -> Self {
        LockedMap { entry: Mutex::new(None) }
    }

    fn get(&self, (): &()) -> Option<u64> {
        *self.entry.lock().unwrap()
    }

    fn insert(&self, (): (), value: u64) {
        *self.entry.lock().unwrap() = Some(value);
    }

    fn remove(&self, (): &()) {
        *self.entry.lock().unwrap() = None;
    }

    fn clear(&self) {
        *self.entry.lock().unwrap() = None;
    }

    fn insert_if(&self, (): (), value: u64, check: impl FnOnce() -> bool) -> bool {
        let mut entry = self.entry.lock().unwrap();
        let holds = check();
        if holds {
            *entry = Some(value);
        }
        holds
    }
}
