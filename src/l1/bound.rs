//! How much the local tier may hold.

use std::fmt;

/// How much the local tier may hold: so many entries, or entries of so much weight.
pub struct Bound<K, V> {
    pub(super) capacity: u64,
    /// How many entries there will be about. It is the bound on what is remembered of those that have left.
    pub(super) entries: u64,
    weigher: Option<Weigher<K, V>>,
}

type Weigher<K, V> = Box<dyn Fn(&K, &V) -> u32 + Send + Sync>;

impl<K, V> Bound<K, V> {
    /// At most this many entries.
    pub fn entries(capacity: u64) -> Self {
        Bound { capacity, entries: capacity, weigher: None }
    }

    /// At most this weight, as the weigher has it. An entry is weighed once, before it is put there. Nothing weighs less
    /// than 1, and what weighs more than all may weigh together is not kept.
    ///
    /// `entries` is how many of them there will be about. It is no bound, and a wrong guess costs hits, not memory.
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
