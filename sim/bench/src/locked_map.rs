//! A mutex around a plain map on our engine, like the maps for loom and shuttle.

use selvedge::sync::{Insertion, Map, TierName};
use selvedge_engine::sync::{Mutex, MutexGuard};

/// A map with the program's single key, its value and its tag.
pub(crate) struct LockedMap {
    entry: Mutex<Option<(u64, u64)>>,
}

impl LockedMap {
    fn lock(&self) -> MutexGuard<'_, Option<(u64, u64)>> {
        self.entry.lock().unwrap()
    }
}

impl Map<(), u64> for LockedMap {
    fn new(_tier: TierName) -> Self {
        LockedMap { entry: Mutex::new(None) }
    }

    fn get(&self, (): &()) -> Option<u64> {
        self.lock().map(|(value, _)| value)
    }

    fn touch(&self, (): &(), bits: u64) -> Option<u64> {
        let mut entry = self.lock();
        let (value, tag) = entry.as_mut()?;
        *tag |= bits;
        Some(*value)
    }

    fn insert(&self, (): (), value: u64) -> Option<(u64, u64)> {
        self.lock().replace((value, 0))
    }

    fn remove(&self, (): &()) -> Option<(u64, u64)> {
        self.lock().take()
    }

    fn insert_with(
        &self,
        (): (),
        make: impl FnOnce(Option<(&u64, u64)>) -> Option<(u64, u64)>,
    ) -> Insertion<u64> {
        let mut entry = self.lock();
        let Some(new) = make(entry.as_ref().map(|(value, tag)| (value, *tag))) else {
            return Insertion::Refused;
        };
        match entry.replace(new) {
            Some((value, tag)) => Insertion::Replaced(value, tag),
            None => Insertion::New,
        }
    }

    fn remove_unless(&self, (): &(), keep: impl FnOnce(&u64, u64) -> Option<u64>) -> Option<(u64, u64)> {
        let mut entry = self.lock();
        let (value, tag) = entry.as_mut()?;
        match keep(value, *tag) {
            Some(new) => {
                *tag = new;
                None
            }
            None => entry.take(),
        }
    }

    fn clear(&self, mut each: impl FnMut(&(), &u64, u64)) {
        if let Some((value, tag)) = self.remove(&()) {
            each(&(), &value, tag);
        }
    }
}
