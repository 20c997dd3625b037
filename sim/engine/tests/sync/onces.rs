//! Onces: initializing, waiting and panics.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::SeqCst;

use selvedge_engine::sync::atomic::AtomicU32;
use selvedge_engine::sync::{Arc, LazyLock, Once, OnceLock};
use selvedge_engine::{Explorer, thread};

use super::{check, lines};

#[test]
fn each_task_is_first_in_one_class() {
    for tasks in 1..=4 {
        let (first, _) = check(&Explorer::optimal(), tasks, 0, move || {
            let shared = Arc::new((Once::new(), AtomicU32::new(0)));
            let tasks: Vec<_> = (1..=tasks)
                .map(|me| {
                    let shared = Arc::clone(&shared);
                    thread::spawn(move || shared.0.call_once(|| shared.1.store(me as u32, SeqCst)))
                })
                .collect();
            tasks.into_iter().for_each(|task| task.join().unwrap());
            shared.1.load(SeqCst)
        });
        assert_eq!(first.len() as u64, tasks);
    }
}

#[test]
fn a_check_does_not_observe_the_begin() {
    let (seen, _) = check(&Explorer::optimal(), 2, 0, || {
        let lock = Arc::new(OnceLock::new());
        let other = Arc::clone(&lock);
        thread::spawn(move || *other.get_or_init(|| 1));
        lock.get().copied()
    });
    assert_eq!(seen, BTreeSet::from([None, Some(1)]));
}

#[test]
fn one_of_two_values_is_set() {
    let (seen, _) = check(&Explorer::optimal(), 2, 0, || {
        let lock = Arc::new(OnceLock::new());
        let other = Arc::clone(&lock);
        let task = thread::spawn(move || other.set(1));
        let own = lock.set(2);
        assert!(own.is_ok() != task.join().unwrap().is_ok());
        *lock.wait()
    });
    assert_eq!(seen, BTreeSet::from([1, 2]));
}

#[test]
fn a_value_can_be_taken_and_initialized_again() {
    check(&Explorer::optimal(), 1, 0, || {
        let mut lock = OnceLock::from(1);
        assert_eq!((lock.clone().get(), lock.take(), lock.get()), (Some(&1), Some(1), None));
        assert_eq!((lock.get_or_init(|| 2), lock.set(3)), (&2, Err(3)));
        *lock.get_mut().unwrap() = 4;
        assert_eq!(lock.into_inner(), Some(4));
    });
}

#[test]
fn a_panic_poisons_a_once_and_lets_a_once_lock_try_again() {
    check(&Explorer::optimal(), 1, 0, || {
        let fails = |action: &dyn Fn()| catch_unwind(AssertUnwindSafe(action)).is_err();
        let once = Once::new();
        assert!(fails(&|| once.call_once(|| panic!("first"))));
        assert!(fails(&|| once.call_once(|| ())), "poisoned");
        assert!(fails(&|| once.wait()), "poisoned");
        once.call_once_force(|state| assert!(state.is_poisoned()));
        once.call_once(|| unreachable!("it is done"));
        once.wait_force();
        assert!(once.is_completed());

        let lock = OnceLock::new();
        assert!(fails(&|| _ = lock.get_or_init(|| panic!("first"))));
        assert_eq!(lock.get_or_init(|| 1), &1);

        let lazy: LazyLock<u32> = LazyLock::new(|| panic!("first"));
        assert!(fails(&|| _ = *lazy) && fails(&|| _ = *lazy), "poisoned");
    });
}

#[test]
fn a_recursive_initialization_deadlocks() {
    let (_, waits) = check(&Explorer::optimal(), 0, 1, || {
        let once = Once::new();
        once.call_once(|| once.call_once(|| ()));
    });
    assert_eq!(waits, lines(["main waits to enter once"]));
}
