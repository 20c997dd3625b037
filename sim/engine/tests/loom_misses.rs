//! Two programs in which loom 0.7.3 misses an outcome, the first because loom stores only the last
//! access of an object, not one per task. This engine finds both. `tests/loom.rs` records that loom
//! does not.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use selvedge_engine::sync::atomic::AtomicU64;
use selvedge_engine::sync::atomic::Ordering::SeqCst;
use selvedge_engine::{Explorer, thread};

/// The number of executions of the optimal search, and their results. The naive search and the search
/// of execution graphs have the same results.
fn outcomes(program: fn() -> u64) -> (u64, BTreeSet<u64>) {
    let explorers =
        [Explorer::optimal().into_any(), Explorer::naive().into_any(), Explorer::rc11().into_any()];
    let [(executions, optimal), (_, naive), (graphs, rc11)] = explorers.map(|explorer| {
        let seen = Arc::new(Mutex::new(BTreeSet::new()));
        let shared = Arc::clone(&seen);
        let report = explorer.run(move || _ = shared.lock().unwrap().insert(program()));
        assert!(report.is_complete());
        let seen = seen.lock().unwrap().clone();
        (report.executions, seen)
    });
    assert_eq!((&naive, &rc11, graphs), (&optimal, &optimal, executions));
    (executions, optimal)
}

#[test]
fn a_write_that_follows_a_read_of_the_same_task_is_seen() {
    let program = || {
        let x = Arc::new(AtomicU64::new(0));
        let theirs = Arc::clone(&x);
        thread::spawn(move || {
            theirs.load(SeqCst);
            theirs.store(1, SeqCst);
        });
        x.load(SeqCst)
    };
    assert_eq!(outcomes(program), (2, BTreeSet::from([0, 1])));
}

#[test]
fn a_write_that_depends_on_another_tasks_write_is_seen() {
    let program = || {
        let (x, y) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (x1, x2, x3) = (Arc::clone(&x), Arc::clone(&x), Arc::clone(&x));
        let (y2, y3) = (Arc::clone(&y), Arc::clone(&y));
        let first = thread::spawn(move || x1.load(SeqCst));
        let second = thread::spawn(move || {
            x2.load(SeqCst);
            y2.store(1, SeqCst);
        });
        let third = thread::spawn(move || {
            if y3.load(SeqCst) == 1 {
                x3.store(1, SeqCst);
            }
        });
        let read = first.join().unwrap();
        second.join().unwrap();
        third.join().unwrap();
        read
    };
    // The third task reads y too early; or the first reads before the third's write, or after it.
    assert_eq!(outcomes(program), (3, BTreeSet::from([0, 1])));
}
