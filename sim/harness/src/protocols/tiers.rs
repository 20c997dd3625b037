//! What a cache under test is built on.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use selvedge::Remote;
use selvedge::parts::L1;
use selvedge::sync::Primitives;

use super::Failure;
use crate::history::{Key, Value};

/// What a cache under test is built on: the remote tier, the clock, and what the local tier does and holds.
pub struct Tiers<P: Primitives, R> {
    /// The remote tier.
    pub remote: R,
    /// The clock by which local entries expire.
    pub clock: P::Clock,
    /// How long a local entry lives; `None` is "for ever".
    pub local_ttl: Option<Duration>,
    /// What the local tier holds at the start.
    pub warm: Vec<WarmEntry>,
    /// What else the cache must do.
    pub settings: Settings,
}

/// What a cache must do besides. It is set only where the cache [declares](super::Caches::abilities) that it supports it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Keys whose values are made from another key's, by that key.
    pub derived: BTreeMap<Key, Vec<Key>>,
    /// How long it is kept locally that a key has no value; `None` is "not at all".
    pub absent_ttl: Option<Duration>,
    /// Whether the source of truth is asked if the remote tier fails.
    pub passes_over: bool,
    /// Whether the local tier has room for one entry alone.
    pub one_entry: bool,
}

/// An entry that is in the local tier at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WarmEntry {
    /// The key it was read for.
    pub key: Key,
    /// Its value.
    pub value: Value,
    /// When it expires; `None` is "never".
    pub expires_at: Option<Duration>,
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure>> Tiers<P, R> {
    /// The local tier, with its entries in it, and the remote one.
    pub(crate) fn build(self) -> (L1<Key, Value, P>, R) {
        self.build_keyed(|key| key)
    }

    /// As [`build`](Tiers::build), for a cache that keeps a key's entry under another one.
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
