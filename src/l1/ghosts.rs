//! A memory of keys that have left: a key that returns soon is not new.
//!
//! Each hash has one slot in a table, and stays there until another hash overwrites it. So the
//! table forgets at about the rate of a queue of the same size, but needs neither a lock nor an
//! order. Two keys with the same hash cost a wrong guess.

use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::Ordering;

use foldhash::fast::FixedState;

use crate::sync::{AtomicU64, Primitives};

/// The most slots; each takes 8 bytes. With fewer slots than half the entries the policy still
/// works, but somewhat worse.
const MOST: u64 = 1 << 20;

/// Hashes of keys that have left.
pub(super) struct Ghosts<P: Primitives> {
    slots: Box<[P::AtomicU64]>,
}

impl<P: Primitives> Ghosts<P> {
    /// Creates half as many slots as `entries`. More would remember keys that return only by
    /// chance.
    pub(super) fn new(entries: u64) -> Self {
        let slots = (entries / 2).clamp(1, MOST);
        Ghosts { slots: (0..slots).map(|_| P::AtomicU64::new("L1.ghost", 0)).collect() }
    }

    /// Remembers that this key has left.
    #[track_caller]
    pub(super) fn remember(&self, key: KeyHash) {
        self.slot(key).store(key.0, Ordering::Relaxed);
    }

    /// Whether this key has left recently.
    #[track_caller]
    pub(super) fn remembers(&self, key: KeyHash) -> bool {
        self.slot(key).load(Ordering::Relaxed) == key.0
    }

    fn slot(&self, KeyHash(hash): KeyHash) -> &P::AtomicU64 {
        &self.slots[(hash % self.slots.len() as u64) as usize]
    }
}

/// Identifies a key in a table: a hash that is never 0, which means "empty".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyHash(u64);

impl KeyHash {
    /// The seed is fixed, so that runs are repeatable. Chosen collisions spoil only guesses.
    pub(super) fn of<K: Hash>(key: &K) -> Self {
        KeyHash(FixedState::default().hash_one(key).max(1))
    }
}

impl<P: Primitives> fmt::Debug for Ghosts<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ghosts").field("slots", &self.slots.len()).finish_non_exhaustive()
    }
}
