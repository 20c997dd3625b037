//! Condvars: which tasks wake up, and why a wait ends.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use selvedge_engine::sync::atomic::AtomicU32;
use selvedge_engine::sync::{Arc, Condvar, Mutex};
use selvedge_engine::{Explorer, thread};

use super::{check, lines};

type Pair = Arc<(Mutex<u32>, Condvar)>;

#[test]
fn a_condition_that_is_set_under_the_lock_is_always_seen() {
    // The notifier locks first, and no task waits; or last, and one does.
    check(&Explorer::optimal(), 2, 0, || {
        let pair = Pair::default();
        let other = Arc::clone(&pair);
        let task = thread::spawn(move || {
            let guard = other.0.lock().unwrap();
            drop(other.1.wait_while(guard, |number| *number == 0).unwrap());
        });
        let mut number = pair.0.lock().unwrap();
        *number = 1;
        pair.1.notify_one();
        drop(number);
        task.join().unwrap();
    });
}

#[test]
fn a_notification_before_the_wait_is_lost() {
    let (_, waits) = check(&Explorer::optimal(), 1, 1, || {
        let pair = Pair::default();
        let other = Arc::clone(&pair);
        thread::spawn(move || drop(other.1.wait(other.0.lock().unwrap()).unwrap()));
        pair.1.notify_one();
    });
    assert_eq!(waits, lines(["task 1 waits to be notified by a condvar"]));
}

/// Two tasks wait; when both do, `notify` is called. Returns the task that resumed first.
fn two_waiters(notify: fn(&Condvar)) -> u32 {
    let (pair, entered, first) = (Pair::default(), Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    for me in 1..=2 {
        let (pair, entered, first) = (Arc::clone(&pair), Arc::clone(&entered), Arc::clone(&first));
        thread::spawn(move || {
            let guard = pair.0.lock().unwrap();
            entered.fetch_add(1, SeqCst);
            let _guard = pair.1.wait(guard).unwrap();
            _ = first.compare_exchange(0, me, SeqCst, SeqCst);
        });
    }
    entered.wait_until(|entered| entered == 2);
    let guard = pair.0.lock().unwrap();
    notify(&pair.1);
    drop(guard);
    first.wait_until(|first| first != 0)
}

#[test]
fn which_waiter_is_woken_is_a_choice() {
    // Two orders of entry, and two tasks that can be woken. The other waits forever.
    let (first, waits) = check(&Explorer::optimal(), 0, 4, || two_waiters(Condvar::notify_one));
    assert_eq!(first, BTreeSet::from([1, 2]));
    assert_eq!(
        waits,
        lines(["task 1 waits to be notified by a condvar", "task 2 waits to be notified by a condvar"])
    );
}

#[test]
fn all_are_woken() {
    // Two orders of entry, and two orders of locking again.
    let (first, _) = check(&Explorer::optimal(), 4, 0, || two_waiters(Condvar::notify_all));
    assert_eq!(first, BTreeSet::from([1, 2]));
}

#[test]
fn a_wait_can_time_out_before_and_after_a_notification() {
    // The notification comes before the wait, wakes it, or comes too late.
    let (timed_out, _) = check(&Explorer::optimal(), 3, 0, || {
        let pair = Pair::default();
        let other = Arc::clone(&pair);
        thread::spawn(move || other.1.notify_one());
        let (_guard, result) = pair.1.wait_timeout(pair.0.lock().unwrap(), Duration::from_secs(1)).unwrap();
        result.timed_out()
    });
    assert_eq!(timed_out, BTreeSet::from([false, true]));
}

#[test]
fn a_condition_that_holds_at_the_deadline_is_no_timeout() {
    // The other task locks before the wait, during it (with a notification in time or too late), or
    // after it.
    let (seen, _) = check(&Explorer::optimal(), 4, 0, || {
        let pair = Pair::default();
        let other = Arc::clone(&pair);
        thread::spawn(move || {
            let mut number = other.0.lock().unwrap();
            *number = 1;
            other.1.notify_one();
        });
        let guard = pair.0.lock().unwrap();
        let soon = Duration::from_secs(1);
        let (number, result) = pair.1.wait_timeout_while(guard, soon, |number| *number == 0).unwrap();
        (*number, result.timed_out())
    });
    assert_eq!(seen, BTreeSet::from([(0, true), (1, false)]));
}

#[test]
fn spurious_wakeups_of_a_wait_are_bounded() {
    let waits = || {
        let pair = Pair::default();
        let guard = pair.1.wait(pair.0.lock().unwrap()).unwrap();
        drop(pair.1.wait(guard).unwrap());
    };
    check(&Explorer::optimal().spurious_wakeups(1), 0, 1, waits);
    check(&Explorer::optimal().spurious_wakeups(2), 1, 0, waits);
}

#[test]
fn a_panic_under_the_lock_poisons_the_wait() {
    check(&Explorer::optimal(), 2, 0, || {
        let pair = Pair::default();
        let other = Arc::clone(&pair);
        let task = thread::spawn(move || {
            let _guard = other.0.lock();
            other.1.notify_one();
            panic!("under the lock");
        });
        if let Ok(guard) = pair.0.lock() {
            assert!(pair.1.wait(guard).is_err());
        }
        assert!(task.join().is_err());
    });
}
