//! What a cache has done, counted.

use crate::sync::Counters;

/// What a cache has done since it was made.
///
/// The counts are exact once nobody is at the cache. Those of one moment need not fit each other: they are read one after
/// the other, while others count on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Reads of a key that the local tier answered.
    pub hits: u64,
    /// Reads of a key that had to ask further.
    pub misses: u64,
    /// Values (or absences) that were put into the local tier.
    pub fills: u64,
    /// Values that were not, because their stripe was written meanwhile.
    pub refused: u64,
    /// Entries that left the local tier to make room.
    pub evictions: u64,
    /// Calls of a loader that ended, well or not.
    pub loads: u64,
    /// Commands of the remote tier that failed, and loads that did.
    pub errors: u64,
}

/// What is counted.
#[derive(Clone, Copy)]
pub(crate) enum Count {
    Hit,
    Miss,
    Fill,
    Refused,
    Evicted,
    Load,
    Error,
}

/// The counts of a cache.
#[derive(Debug)]
pub(crate) struct Counts(Counters<7>);

impl Counts {
    pub(crate) fn new() -> Self {
        Counts(Counters::new())
    }

    #[inline]
    pub(crate) fn add(&self, what: Count) {
        self.0.add(what as usize);
    }

    pub(crate) fn stats(&self) -> Stats {
        let sum = |what| self.0.sum(what as usize);
        Stats {
            hits: sum(Count::Hit),
            misses: sum(Count::Miss),
            fills: sum(Count::Fill),
            refused: sum(Count::Refused),
            evictions: sum(Count::Evicted),
            loads: sum(Count::Load),
            errors: sum(Count::Error),
        }
    }
}
