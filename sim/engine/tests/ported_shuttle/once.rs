//! `basic/once.rs`: initialization.

use std::panic::{AssertUnwindSafe, catch_unwind};

use selvedge_engine::sync::atomic::AtomicU64;
use selvedge_engine::sync::atomic::Ordering::SeqCst;
use selvedge_engine::sync::{Arc, Once};

use super::outcomes::{outcomes, set, task};

/// Exactly one of the tasks initializes. When a call returns, the initialization has completed.
#[test]
fn one_of_the_tasks_initialises() {
    let by = outcomes(|| {
        let shared = Arc::new((Once::new(), AtomicU64::new(0)));
        let tasks = [1, 2].map(|me| {
            task(&shared, move |(once, value)| {
                assert!(value.load(SeqCst) != me);
                once.call_once(|| value.store(value.load(SeqCst) * 10 + me, SeqCst));
                assert!(once.is_completed());
                value.load(SeqCst)
            })
        });
        tasks.map(|task| task.join().unwrap())
    });
    assert_eq!(by, set([[1, 1], [2, 2]]));
}

/// The first task to reach each one initializes it.
#[test]
fn two_initializations() {
    let by = outcomes(|| {
        let shared = Arc::new(([Once::new(), Once::new()], [AtomicU64::new(0), AtomicU64::new(0)]));
        let tasks = [1, 2].map(|me| {
            task(&shared, move |(onces, values)| {
                let (own, other) = (me as usize - 1, 2 - me as usize);
                for which in [own, other] {
                    onces[which].call_once(|| values[which].store(me, SeqCst));
                }
            })
        });
        for task in tasks {
            task.join().unwrap();
        }
        [shared.1[0].load(SeqCst), shared.1[1].load(SeqCst)]
    });
    assert_eq!(by, set([[1, 1], [1, 2], [2, 2]]));
}

#[test]
fn an_initialiser_that_panics_poisons() {
    let all = outcomes(|| {
        let once = Arc::new(Once::new());
        let panicking = task(&once, |once| {
            catch_unwind(AssertUnwindSafe(|| once.call_once(|| panic!("expected")))).is_err()
        });
        let first = panicking.join().unwrap();
        let second = catch_unwind(AssertUnwindSafe(|| once.call_once(|| {}))).is_err();
        let mut was_poisoned = false;
        once.call_once_force(|state| was_poisoned = state.is_poisoned());
        (first, second, was_poisoned, once.is_completed())
    });
    assert_eq!(all, set([(true, true, true, true)]));
}
