//! The states that have been visited.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use super::Fingerprint;

/// Fingerprints are as good as random: a part of one is its place in a table.
#[derive(Clone, Copy, Debug, Default)]
struct Part(u64);

impl Hasher for Part {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("a fingerprint is a word");
    }

    fn write_u128(&mut self, word: u128) {
        self.0 = word as u64;
    }
}

/// The states that have been visited.
#[derive(Debug, Default)]
pub(crate) struct Visited {
    states: HashSet<u128, BuildHasherDefault<Part>>,
}

impl Visited {
    /// Adds a state. False if it was there.
    #[inline]
    pub(crate) fn insert(&mut self, state: Fingerprint) -> bool {
        self.states.insert(state.0)
    }

    /// Whether it is there.
    pub(crate) fn contains(&self, state: Fingerprint) -> bool {
        self.states.contains(&state.0)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        self.states.len() as u64
    }

    /// The memory that they take, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        // A word, and a byte of the table's own; of eight places one stays free.
        (self.states.capacity() * (size_of::<u128>() + 1) * 8 / 7) as u64
    }
}
