//! `basic/barrier.rs`: waiting and leaders.

use selvedge_engine::sync::atomic::AtomicU64;
use selvedge_engine::sync::atomic::Ordering::SeqCst;
use selvedge_engine::sync::{Arc, Barrier};

use super::outcomes::{deadlocks, outcomes, set, task};

/// One task adds and one subtracts, and each waits for the other after every step.
#[test]
fn two_tasks_alternate() {
    let all = deadlocks(|| {
        let shared = Arc::new((Barrier::new(2), AtomicU64::new(100)));
        task(&shared, |(barrier, counter)| {
            for _ in 0..2 {
                assert!((99..=100).contains(&counter.fetch_add(1, SeqCst)));
                barrier.wait();
            }
        });
        let (barrier, counter) = &*shared;
        for _ in 0..2 {
            assert!((100..=101).contains(&counter.fetch_sub(1, SeqCst)));
            barrier.wait();
        }
    });
    assert_eq!(all.0, 0);
}

/// The tasks that led, for this number of tasks and a barrier for `batch` tasks.
fn leaders(tasks: usize, batch: usize) -> Vec<Vec<bool>> {
    let all = outcomes(move || {
        let barrier = Arc::new(Barrier::new(batch));
        let tasks: Vec<_> =
            (0..tasks).map(|_| task(&barrier, |barrier| barrier.wait().is_leader())).collect();
        tasks.into_iter().map(|task| task.join().unwrap()).collect::<Vec<_>>()
    });
    all.into_iter().collect()
}

#[test]
fn one_of_each_batch_leads_and_it_may_be_any() {
    assert_eq!(leaders(3, 3), [[false, false, true], [false, true, false], [true, false, false]]);
    assert_eq!(leaders(3, 1), [[true; 3]]);
    // Of four tasks in two batches, any two.
    let pairs = leaders(4, 2);
    assert_eq!(pairs.len(), 6);
    assert!(pairs.iter().all(|led| led.iter().filter(|&&led| led).count() == 2));
}

#[test]
fn too_few_tasks_are_a_deadlock() {
    let (deadlocks, all) = deadlocks(|| {
        let barrier = Arc::new(Barrier::new(3));
        task(&barrier, |barrier| _ = barrier.wait());
        barrier.wait();
    });
    assert_eq!(deadlocks, all);
}

#[test]
fn a_barrier_for_one_is_used_again() {
    let led = outcomes(|| {
        let barrier = Arc::new(Barrier::new(1));
        let own = (0..3).all(|_| barrier.wait().is_leader());
        own && task(&barrier, |barrier| barrier.wait().is_leader()).join().unwrap()
    });
    assert_eq!(led, set([true]));
}
