//! The timed workloads.

use std::time::Duration;

use clap::ValueEnum;

/// A timed workload. Unless stated otherwise, keys are drawn at random from the existing ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Workload {
    /// Reads.
    Hit,
    /// Reads of entries with a deadline in the future. A cache without TTL is timed without one.
    HitTtl,
    /// Reads of more entries than fit into the processor's caches.
    HitLarge,
    /// The same, for entries with a deadline.
    HitTtlLarge,
    /// Three reads and one replacement of a value.
    Mixed,
    /// Loads of new keys. All threads load each key at about the same time.
    Load,
    /// Removal and reinsertion of an entry.
    Invalidate,
}

impl Workload {
    pub(super) const ALL: [Workload; 7] = [
        Workload::Hit,
        Workload::HitTtl,
        Workload::HitLarge,
        Workload::HitTtlLarge,
        Workload::Mixed,
        Workload::Load,
        Workload::Invalidate,
    ];

    /// The name in reports and arguments.
    pub(super) fn name(self) -> &'static str {
        match self {
            Workload::Hit => "hit",
            Workload::HitTtl => "hit-ttl",
            Workload::HitLarge => "hit-large",
            Workload::HitTtlLarge => "hit-ttl-large",
            Workload::Mixed => "mixed",
            Workload::Load => "load",
            Workload::Invalidate => "invalidate",
        }
    }

    /// The time to live, longer than any measurement.
    pub(super) fn ttl(self) -> Option<Duration> {
        matches!(self, Workload::HitTtl | Workload::HitTtlLarge).then_some(Duration::from_secs(600))
    }

    /// Number of keys: half of the capacity. Only workloads with new keys cause evictions.
    pub(super) fn keys(self) -> u64 {
        match self {
            Workload::HitLarge | Workload::HitTtlLarge => 1_000_000,
            _ => 10_000,
        }
    }
}
