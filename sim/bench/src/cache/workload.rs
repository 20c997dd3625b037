//! What is timed.

use std::time::Duration;

use clap::ValueEnum;

/// What is timed. Where nothing else is said, keys are drawn at random from those that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Work {
    /// Reads.
    Hit,
    /// Reads of entries that can expire, and do not. A cache that knows no TTL is timed without.
    HitTtl,
    /// Reads, where there are more entries than the processor's caches hold.
    HitLarge,
    /// The same, of entries that can expire.
    HitTtlLarge,
    /// Three reads, and a value is replaced.
    Mixed,
    /// Loads of keys that are new. Each key is asked for by all threads at about the same time.
    Load,
    /// An entry is removed, and put back.
    Invalidate,
}

impl Work {
    pub(super) const ALL: [Work; 7] = [
        Work::Hit,
        Work::HitTtl,
        Work::HitLarge,
        Work::HitTtlLarge,
        Work::Mixed,
        Work::Load,
        Work::Invalidate,
    ];

    /// Its name in reports and arguments.
    pub(super) fn name(self) -> &'static str {
        match self {
            Work::Hit => "hit",
            Work::HitTtl => "hit-ttl",
            Work::HitLarge => "hit-large",
            Work::HitTtlLarge => "hit-ttl-large",
            Work::Mixed => "mixed",
            Work::Load => "load",
            Work::Invalidate => "invalidate",
        }
    }

    /// How long entries live: long enough.
    pub(super) fn ttl(self) -> Option<Duration> {
        matches!(self, Work::HitTtl | Work::HitTtlLarge).then_some(Duration::from_secs(600))
    }

    /// How many keys are used: half of what a cache may hold. Nothing is evicted, but where every key is new.
    pub(super) fn keys(self) -> u64 {
        match self {
            Work::HitLarge | Work::HitTtlLarge => 1_000_000,
            _ => 10_000,
        }
    }
}
