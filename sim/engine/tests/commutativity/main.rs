//! Tests that operations commute exactly as the objects' docs and the table of modes declare.
//!
//! Two tasks bring an object into a reachable state. Then each performs one operation, and both
//! orders are run. If the engine treats the two as independent (neither happens before the other),
//! both orders must give the same results and the same state. If they are declared to commute, the
//! engine must treat them as independent; if they are declared to conflict, some state must
//! distinguish the orders.

mod kinds;
mod orders;

use kinds::{
    AtomicKind, CellKind, CounterKind, MapKind, MutexKind, ObjectKind, QueueKind, RwLockKind, SetKind,
};
use orders::{Declared, Kind, Prefix, Seen};
use proptest::prelude::*;

/// Checks every pair of operations, in every state that up to this number of operations of either
/// task reaches.
fn check_all<K: Kind>(longest: usize) {
    let mut prefixes: Vec<Prefix<K>> = vec![Vec::new()];
    let mut from = 0;
    for _ in 0..longest {
        let to = prefixes.len();
        for shorter in from..to {
            for by in 0..K::TASKS_IN_PREFIX {
                for &op in K::OPS {
                    let mut prefix = prefixes[shorter].clone();
                    prefix.push((by, op));
                    prefixes.push(prefix);
                }
            }
        }
        from = to;
    }
    for &a in K::OPS {
        for &b in K::OPS {
            let mut seen = Seen::default();
            for prefix in &prefixes {
                seen = seen.and(orders::check::<K>(prefix, (a, b)));
            }
            let pair = format!("{a:?} and {b:?}");
            match K::declared(a, b) {
                Declared::Commute => assert!(seen.same, "{pair} never happened"),
                Declared::Conflict => assert!(seen.different, "{pair} come to the same in every state"),
                Declared::AtLeastByOutcome => assert!(seen.same, "{pair} come to the same in no state"),
                Declared::Impossible => {}
                Declared::ByOutcome => {
                    assert!(seen.same, "{pair} come to the same in no state");
                    assert!(seen.different, "{pair} come to the same in every state");
                }
            }
        }
    }
}

fn prefix<K: Kind>() -> impl Strategy<Value = Vec<(usize, usize)>> {
    proptest::collection::vec((0..2usize, 0..K::OPS.len()), 2..=6)
}

/// Checks a pair of operations, in a state that random operations reach.
fn check_random<K: Kind>(prefix: &[(usize, usize)], pair: (usize, usize)) {
    let prefix: Prefix<K> = prefix.iter().map(|&(by, op)| (by, K::OPS[op])).collect();
    orders::check::<K>(&prefix, (K::OPS[pair.0], K::OPS[pair.1]));
}

macro_rules! kinds {
    ($($all:ident, $random:ident: $kind:ty, $longest:literal;)*) => {
        $(#[test]
        fn $all() {
            check_all::<$kind>($longest);
        })*

        proptest! {
            $(#[test]
            fn $random(
                prefix in prefix::<$kind>(),
                a in 0..<$kind as Kind>::OPS.len(),
                b in 0..<$kind as Kind>::OPS.len(),
            ) {
                check_random::<$kind>(&prefix, (a, b));
            })*
        }
    };
}

kinds! {
    cells, cells_in_random_states: CellKind, 2;
    counters, counters_in_random_states: CounterKind, 2;
    maps, maps_in_random_states: MapKind, 1;
    sets, sets_in_random_states: SetKind, 2;
    queues, queues_in_random_states: QueueKind, 3;
    objects, objects_in_random_states: ObjectKind, 2;
    atomics, atomics_in_random_states: AtomicKind, 1;
    mutexes, mutexes_in_random_states: MutexKind, 2;
    reader_writer_locks, reader_writer_locks_in_random_states: RwLockKind, 2;
}
