//! A memory of keys that have left: who comes back soon is not new.
//!
//! A hash is kept in the one place of a table that it points to, and stays until another one comes there. So the table
//! forgets at about the pace of a queue of the same size, and needs neither a lock nor an order. Two keys with one hash
//! cost a wrong guess.

use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::Ordering;

use foldhash::fast::FixedState;

use crate::sync::{AtomicU64, Primitives};

/// A place takes 8 bytes. With fewer places than half the entries the policy still works, somewhat worse.
const MOST: u64 = 1 << 20;

/// Hashes of keys that have left.
pub(super) struct Ghosts<P: Primitives> {
    places: Box<[P::AtomicU64]>,
}

impl<P: Primitives> Ghosts<P> {
    /// As many places as half of this many entries. More would keep keys that come back only by chance.
    pub(super) fn new(entries: u64) -> Self {
        let places = (entries / 2).clamp(1, MOST);
        Ghosts { places: (0..places).map(|_| P::AtomicU64::new("L1.ghost", 0)).collect() }
    }

    /// The key with this name has left.
    #[track_caller]
    pub(super) fn remember(&self, name: Name) {
        self.place(name).store(name.0, Ordering::Relaxed);
    }

    /// Whether the key with this name has left not long ago.
    #[track_caller]
    pub(super) fn remembers(&self, name: Name) -> bool {
        self.place(name).load(Ordering::Relaxed) == name.0
    }

    fn place(&self, Name(hash): Name) -> &P::AtomicU64 {
        &self.places[(hash % self.places.len() as u64) as usize]
    }
}

/// What a table knows a key by: a hash, and never 0, which is "nothing".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name(u64);

impl Name {
    /// The seed is fixed, so that a run can be repeated. Whoever chooses keys to collide spoils guesses, and no more.
    pub(super) fn of<K: Hash>(key: &K) -> Self {
        Name(FixedState::default().hash_one(key).max(1))
    }
}

impl<P: Primitives> fmt::Debug for Ghosts<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ghosts").field("places", &self.places.len()).finish_non_exhaustive()
    }
}
