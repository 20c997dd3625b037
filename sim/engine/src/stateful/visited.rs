//! The states that have been visited, by all workers of a search.

use crate::event::Fingerprint;
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

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

type Table = HashSet<u128, BuildHasherDefault<Part>>;

/// How many tables there are, so that workers seldom wait for one another.
const TABLES: usize = 64;

/// Whether a state was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visit {
    /// It was not, and is now.
    New,
    /// It was.
    Known,
    /// It was not, and there are as many as there may be.
    Full,
}

/// The states that have been visited.
#[derive(Debug)]
pub(crate) struct Visited {
    tables: Box<[Mutex<Table>]>,
    count: AtomicU64,
    /// How many there may be.
    most: u64,
}

impl Visited {
    /// None yet, and never more than this.
    pub(crate) fn new(most: Option<u64>) -> Self {
        let tables = (0..TABLES).map(|_| Mutex::default()).collect();
        Visited { tables, count: AtomicU64::new(0), most: most.unwrap_or(u64::MAX) }
    }

    /// These, and never more than so many in all.
    pub(crate) fn resumed(states: &[u128], most: Option<u64>) -> Self {
        let visited = Visited::new(most);
        for &state in states {
            visited.table(Fingerprint(state)).insert(state);
        }
        visited.count.store(states.len() as u64, Ordering::Relaxed);
        visited
    }

    /// All that there are, in order.
    pub(crate) fn all(&self) -> Vec<u128> {
        let tables = self.tables.iter().map(lock);
        let mut all: Vec<u128> = tables.flat_map(|table| table.iter().copied().collect::<Vec<_>>()).collect();
        all.sort_unstable();
        all
    }

    /// Adds a state, if it is not there.
    #[inline]
    pub(crate) fn visit(&self, state: Fingerprint) -> Visit {
        let mut table = self.table(state);
        if table.contains(&state.0) {
            return Visit::Known;
        }
        let one_more = |count| (count < self.most).then_some(count + 1);
        if self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_err() {
            return Visit::Full;
        }
        table.insert(state.0);
        Visit::New
    }

    /// Whether it is there.
    pub(crate) fn contains(&self, state: Fingerprint) -> bool {
        self.table(state).contains(&state.0)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// The memory that they take, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        // A word, and a byte of the table's own; of eight places one stays free.
        let bytes = |table: &Mutex<Table>| lock(table).capacity() * (size_of::<u128>() + 1) * 8 / 7;
        self.tables.iter().map(|table| bytes(table) as u64).sum()
    }

    fn table(&self, state: Fingerprint) -> MutexGuard<'_, Table> {
        // Its place in the table is taken from the other end.
        lock(&self.tables[(state.0 >> 96) as usize % TABLES])
    }
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_new_once_and_there_are_no_more_than_there_may_be() {
        let visited = Visited::new(Some(3));
        let state = |of: u64| Fingerprint::of_kind(1).with(0, of);
        let visits = [1, 2, 1, 3, 4, 2].map(|of| visited.visit(state(of)));
        assert_eq!(visits, [Visit::New, Visit::New, Visit::Known, Visit::New, Visit::Full, Visit::Known]);
        assert_eq!((visited.len(), visited.contains(state(4))), (3, false));
        assert!(visited.bytes() >= 3 * 16);
    }

    #[test]
    fn of_several_workers_one_finds_a_state_new() {
        let visited = Visited::new(None);
        let new =
            || (0..10_000).filter(|&of| visited.visit(Fingerprint::NONE.with(0, of)) == Visit::New).count();
        let found: usize = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..3).map(|_| scope.spawn(new)).collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).sum()
        });
        assert_eq!((found, visited.len()), (10_000, 10_000));
    }
}
