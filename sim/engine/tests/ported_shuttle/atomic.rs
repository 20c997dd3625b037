//! `basic/atomic.rs`: reorderings and read-modify-writes.

use selvedge_engine::causal_clock;
use selvedge_engine::sync::Arc;
use selvedge_engine::sync::atomic::Ordering::{Relaxed, SeqCst};
use selvedge_engine::sync::atomic::{AtomicBool, AtomicI8, AtomicPtr, AtomicU64};

use super::outcomes::{outcomes, set, take, task};

#[test]
fn stores_are_not_reordered() {
    let seen = outcomes(|| {
        let shared = Arc::new((AtomicI8::new(0), AtomicI8::new(0)));
        let writing = task(&shared, |(x, y)| {
            x.store(1, SeqCst);
            y.store(1, SeqCst);
        });
        let reading = task(&shared, |(x, y)| {
            let y = y.load(SeqCst);
            (x.load(SeqCst), y)
        });
        writing.join().unwrap();
        reading.join().unwrap()
    });
    assert_eq!(seen, set([(0, 0), (1, 0), (1, 1)]));
}

#[test]
fn a_store_is_not_moved_before_a_load() {
    let seen = outcomes(|| {
        let shared = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
        let one = task(&shared, |(x, y)| {
            let x = x.load(SeqCst);
            y.store(1, SeqCst);
            x
        });
        let two = task(&shared, |(x, y)| {
            let y = y.load(SeqCst);
            x.store(1, SeqCst);
            y
        });
        (one.join().unwrap(), two.join().unwrap())
    });
    assert_eq!(seen, set([(0, 0), (0, 1), (1, 0)]));
}

#[test]
fn a_load_is_not_moved_before_a_store() {
    let seen = outcomes(|| {
        let shared = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
        let one = task(&shared, |(x, y)| {
            x.store(1, SeqCst);
            y.load(SeqCst)
        });
        let two = task(&shared, |(x, y)| {
            y.store(1, SeqCst);
            x.load(SeqCst)
        });
        (one.join().unwrap(), two.join().unwrap())
    });
    assert_eq!(seen, set([(0, 1), (1, 0), (1, 1)]));
}

#[test]
fn a_read_modify_write_is_one_step() {
    let values = outcomes(|| {
        let x = Arc::new(AtomicU64::new(0));
        let stores = [1, 2].map(|value| task(&x, move |x| x.store(value, SeqCst)));
        x.fetch_add(5, SeqCst);
        for store in stores {
            store.join().unwrap();
        }
        take(x).into_inner()
    });
    assert_eq!(values, set([1, 2, 6, 7]));
}

/// The observed store happens before the next event: the other store if it succeeded, and none if
/// it failed.
#[test]
fn a_compare_exchange_and_its_clock() {
    let results = outcomes(|| {
        let x = Arc::new(AtomicU64::new(0));
        let store = task(&x, |x| x.store(1, SeqCst));
        let result = x.compare_exchange(1, 5, SeqCst, SeqCst);
        let sees_store = causal_clock(|clock| clock[1] > 0);
        store.join().unwrap();
        (result, sees_store)
    });
    assert_eq!(results, set([(Ok(1), true), (Err(0), false)]));
}

#[test]
fn a_flag() {
    let results = outcomes(|| {
        let x = Arc::new(AtomicBool::new(false));
        let store = task(&x, |x| x.store(true, SeqCst));
        let result = x.compare_exchange(false, true, SeqCst, SeqCst);
        store.join().unwrap();
        (result, x.fetch_nand(true, SeqCst), x.load(SeqCst))
    });
    assert_eq!(results, set([(Ok(false), true, false), (Err(true), true, false)]));
}

#[test]
fn other_orderings_are_accepted() {
    let seen = outcomes(|| {
        let x = Arc::new(AtomicU64::new(0));
        let store = task(&x, |x| x.store(1, Relaxed));
        let seen = x.load(Relaxed);
        store.join().unwrap();
        seen
    });
    assert_eq!(seen, set([0, 1]));
}

#[test]
fn an_update_is_retried() {
    let values = outcomes(|| {
        let x = Arc::new(AtomicU64::new(0));
        let other = task(&x, |x| x.store(1, SeqCst));
        let mut tries = 0;
        let before = x.fetch_update(SeqCst, SeqCst, |value| {
            tries += 1;
            (tries < 3).then_some(value + 5)
        });
        other.join().unwrap();
        (before, tries, take(x).into_inner())
    });
    // Before the store, after it, and around it.
    assert_eq!(values, set([(Ok(0), 1, 1), (Ok(1), 1, 6), (Ok(1), 2, 6)]));
}

#[test]
fn an_update_that_is_declined_is_a_load() {
    let values = outcomes(|| {
        let x = Arc::new(AtomicU64::new(0));
        let other = task(&x, |x| x.fetch_update(SeqCst, SeqCst, |_| None).is_err());
        let seen = x.load(SeqCst);
        let ordered = causal_clock(|clock| clock[1] > 0);
        (seen, ordered, other.join().unwrap())
    });
    assert_eq!(values, set([(0, false, true)]));
}

#[test]
fn a_pointer() {
    let seen = outcomes(|| {
        let numbers = Arc::new([1, 2]);
        let at = |which: usize| std::ptr::from_ref(&numbers[which]).cast_mut();
        let (one, two) = (at(0), at(1));
        let pointer = Arc::new(AtomicPtr::new(one));
        let storing = task(&pointer, {
            let numbers = Arc::clone(&numbers);
            move |pointer| pointer.store(std::ptr::from_ref(&numbers[1]).cast_mut(), SeqCst)
        });
        let result = pointer.compare_exchange(two, one, SeqCst, SeqCst);
        storing.join().unwrap();
        (result == Ok(two), result == Err(one), pointer.load(SeqCst) == one)
    });
    assert_eq!(seen, set([(true, false, true), (false, true, false)]));
}
