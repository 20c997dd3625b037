//! The tiers and settings of a cache under test.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use selvedge::Remote;
use selvedge::parts::L1;
use selvedge::remote::Coordinator;
use selvedge::sync::Primitives;

use super::Failure;
use crate::history::{Key, Value};

/// The tiers of a cache under test: the remote tier, the clock, and the local tier's TTL and
/// content.
pub struct Tiers<P: Primitives, R> {
    /// The remote tier.
    pub remote: R,
    /// The clock by which local entries expire.
    pub clock: P::Clock,
    /// The TTL of local entries; `None` is no expiry.
    pub local_ttl: Option<Duration>,
    /// The initial entries of the local tier.
    pub warm: Vec<WarmEntry>,
    /// Optional features.
    pub settings: Settings,
    /// At the level `Strict`: the remote tier as the coordinator of the nodes.
    pub coordinator: Option<Arc<dyn Coordinator<Key, Value, Error = Failure>>>,
}

/// Optional features of a cache. Each is set only if the cache
/// [declares](super::Caches::abilities) that it supports it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The derived keys of each key.
    pub derived: BTreeMap<Key, Vec<Key>>,
    /// The local TTL of an absent value; `None` is no negative caching.
    pub absent_ttl: Option<Duration>,
    /// Whether to query the source of truth if the remote tier fails.
    pub passes_over: bool,
    /// Whether the local tier is bounded to one entry.
    pub one_entry: bool,
    /// If the cache is one of several nodes, which the world connects: the bound on the staleness
    /// of its reads, or the length of its lease.
    pub notified: Option<Duration>,
}

/// An initial entry of the local tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WarmEntry {
    /// Its key.
    pub key: Key,
    /// Its value.
    pub value: Value,
    /// When it expires, on the clock of the run; `None` is never.
    pub expires_at: Option<Duration>,
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure>> Tiers<P, R> {
    /// The local tier with its initial entries, and the remote tier.
    pub(crate) fn build(self) -> (L1<Key, Value, P>, R) {
        self.build_keyed(|key| key)
    }

    /// Same as [`build`](Tiers::build), for a cache that stores entries under other keys.
    pub(super) fn build_keyed(self, local: impl Fn(Key) -> Key) -> (L1<Key, Value, P>, R) {
        let l1 = L1::new(self.clock, self.local_ttl);
        for WarmEntry { key, value, expires_at } in self.warm {
            l1.insert(local(key), value, expires_at);
        }
        (l1, self.remote)
    }
}

impl<P: Primitives, R> fmt::Debug for Tiers<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tiers")
            .field("local_ttl", &self.local_ttl)
            .field("warm", &self.warm)
            .finish_non_exhaustive()
    }
}
