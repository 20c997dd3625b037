//! The states that the workers of a search have visited.

use crate::event::Fingerprint;
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A hash that is a part of a fingerprint, which is uniformly distributed.
#[derive(Clone, Copy, Debug, Default)]
struct TableHash(u64);

impl Hasher for TableHash {
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

type Table = HashSet<u128, BuildHasherDefault<TableHash>>;

/// The number of tables, so that workers rarely wait for one another.
const TABLES: usize = 64;

/// The result of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visit {
    /// The state was absent, and has been added.
    New,
    /// The state was present.
    Known,
    /// The state was absent, and the largest number of states had been reached.
    Full,
}

/// The visited states.
#[derive(Debug)]
pub(crate) struct Visited {
    tables: Box<[Mutex<Table>]>,
    count: AtomicU64,
    /// The largest number of states.
    most: u64,
}

impl Visited {
    /// An empty set with at most this many states.
    pub(crate) fn new(most: Option<u64>) -> Self {
        let tables = (0..TABLES).map(|_| Mutex::default()).collect();
        Visited { tables, count: AtomicU64::new(0), most: most.unwrap_or(u64::MAX) }
    }

    /// A set with these states, and with at most `most` states in all.
    pub(crate) fn resumed(states: &[u128], most: Option<u64>) -> Self {
        let visited = Visited::new(most);
        for &state in states {
            visited.table(Fingerprint(state)).insert(state);
        }
        visited.count.store(states.len() as u64, Ordering::Relaxed);
        visited
    }

    /// The largest number of states.
    pub(crate) fn most(&self) -> u64 {
        self.most
    }

    /// All states, in ascending order.
    pub(crate) fn all(&self) -> Vec<u128> {
        let tables = self.tables.iter().map(lock);
        let mut all: Vec<u128> = tables.flat_map(|table| table.iter().copied().collect::<Vec<_>>()).collect();
        all.sort_unstable();
        all
    }

    /// Adds a state if it is absent.
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

    /// Whether the state is present.
    pub(crate) fn contains(&self, state: Fingerprint) -> bool {
        self.table(state).contains(&state.0)
    }

    /// The number of states.
    pub(crate) fn len(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// The memory of the states, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        // A fingerprint, and a byte of the table's own; one of eight slots stays free.
        let bytes = |table: &Mutex<Table>| lock(table).capacity() * (size_of::<u128>() + 1) * 8 / 7;
        self.tables.iter().map(|table| bytes(table) as u64).sum()
    }

    fn table(&self, state: Fingerprint) -> MutexGuard<'_, Table> {
        // The index in the table is taken from the other end.
        lock(&self.tables[(state.0 >> 96) as usize % TABLES])
    }
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::FingerprintKind;

    #[test]
    fn a_state_is_new_once_and_the_bound_holds() {
        let visited = Visited::new(Some(3));
        let state = |of: u64| Fingerprint::of_kind(FingerprintKind::Task).with(0, of);
        let visits = [1, 2, 1, 3, 4, 2].map(|of| visited.visit(state(of)));
        assert_eq!(visits, [Visit::New, Visit::New, Visit::Known, Visit::New, Visit::Full, Visit::Known]);
        assert_eq!((visited.len(), visited.contains(state(4))), (3, false));
        assert!(visited.bytes() >= 3 * 16);
    }

    #[test]
    fn a_state_is_new_for_one_of_several_workers() {
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
