//! The bound on the local tier.

use std::fmt;

/// The bound on the local tier: a number of entries, or a total weight.
pub struct Bound<K, V> {
    pub(super) capacity: u64,
    /// The expected number of entries. It limits the memory of keys that have left.
    pub(super) entries: u64,
    weigher: Option<Weigher<K, V>>,
}

type Weigher<K, V> = Box<dyn Fn(&K, &V) -> u32 + Send + Sync>;

impl<K, V> Bound<K, V> {
    /// At most this many entries.
    pub fn entries(capacity: u64) -> Self {
        Bound { capacity, entries: capacity, weigher: None }
    }

    /// At most this total weight, in units of the weigher. An entry is weighed once, before it is
    /// inserted. Its weight is at least 1. An entry that is heavier than the capacity is not
    /// stored.
    ///
    /// `entries` is the expected number of entries. It is not a limit; a wrong value costs hits,
    /// not memory.
    pub fn weight(
        capacity: u64,
        entries: u64,
        weigher: impl Fn(&K, &V) -> u32 + Send + Sync + 'static,
    ) -> Self {
        Bound { capacity, entries, weigher: Some(Box::new(weigher)) }
    }

    #[inline]
    pub(super) fn weigh(&self, key: &K, value: &V) -> u32 {
        self.weigher.as_ref().map_or(1, |weigh| weigh(key, value).max(1))
    }
}

impl<K, V> fmt::Debug for Bound<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound")
            .field("capacity", &self.capacity)
            .field("entries", &self.entries)
            .field("weighed", &self.weigher.is_some())
            .finish()
    }
}
