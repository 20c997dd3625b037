//! Counts of a cache's operations.

use crate::sync::Counters;

/// Counts of a cache's operations since it was built.
///
/// The counts are exact when no call is in progress. Otherwise they may be inconsistent with each
/// other, because they are read one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Reads of a key that the local tier answered.
    pub hits: u64,
    /// Reads of a key that the local tier did not answer.
    pub misses: u64,
    /// Values (or absences) that were stored in the local tier.
    pub fills: u64,
    /// Values that were not stored, because their stripe was written in the meantime.
    pub refused: u64,
    /// Entries that were evicted from the local tier to make room.
    pub evictions: u64,
    /// Calls of a loader that completed, successfully or not.
    pub loads: u64,
    /// Failed commands of the remote tier, and failed loads.
    pub errors: u64,
}

/// The counters.
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
