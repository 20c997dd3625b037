//! Operations of atomics other than loads and stores.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering::SeqCst;

use selvedge_engine::sync::Arc;
use selvedge_engine::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering, compiler_fence, fence};
use selvedge_engine::{Explorer, thread};

use super::check;

#[test]
fn no_update_is_lost() {
    // Two tasks that each load and compare-exchange: 2 orders in which each tries once, 2 in which
    // one tries again.
    let (last, _) = check(&Explorer::optimal(), 4, 0, || {
        let number = Arc::new(AtomicU32::new(0));
        let other = Arc::clone(&number);
        let task = thread::spawn(move || other.update(SeqCst, SeqCst, |number| number + 1));
        number.update(SeqCst, SeqCst, |number| number + 1);
        task.join().unwrap();
        number.load(SeqCst)
    });
    assert_eq!(last, BTreeSet::from([2]));
}

#[test]
fn an_update_can_be_refused() {
    check(&Explorer::optimal(), 1, 0, || {
        let number = AtomicU32::new(3);
        assert_eq!(number.try_update(SeqCst, SeqCst, |number| number.checked_sub(4)), Err(3));
        assert_eq!(number.fetch_update(SeqCst, SeqCst, |number| number.checked_sub(2)), Ok(3));
        let flag = AtomicBool::new(false);
        assert!(!flag.fetch_not(SeqCst) && flag.load(SeqCst));
    });
}

#[test]
fn a_value_that_was_changed_in_place_is_seen() {
    check(&Explorer::optimal(), 1, 0, || {
        let mut number = AtomicU32::new(1);
        *number.get_mut() += 1;
        assert_eq!(number.compare_exchange(2, 3, SeqCst, SeqCst), Ok(2));
    });
}

#[test]
fn pointers_are_swapped_in_every_order() {
    let (seen, _) = check(&Explorer::optimal(), 2, 0, || {
        let (one, two) = (Box::into_raw(Box::new(1)), Box::into_raw(Box::new(2)));
        let pointer = Arc::new(AtomicPtr::new(one));
        let other = Arc::clone(&pointer);
        let task = thread::spawn(move || other.swap(std::ptr::null_mut(), SeqCst).is_null());
        let exchanged = pointer.compare_exchange(one, two, SeqCst, SeqCst).is_ok();
        assert!(!task.join().unwrap());
        (exchanged, pointer.load(SeqCst).is_null())
    });
    assert_eq!(seen, BTreeSet::from([(false, true), (true, true)]));
}

#[test]
fn a_fence_is_not_an_event() {
    check(&Explorer::optimal(), 1, 0, || {
        thread::spawn(|| fence(SeqCst));
        compiler_fence(SeqCst);
    });
    assert!(std::panic::catch_unwind(|| fence(Ordering::Relaxed)).is_err());
}
