//! `basic/rwlock.rs`: readers and writers.

use std::collections::BTreeSet;

use selvedge_engine::sync::atomic::Ordering::SeqCst;
use selvedge_engine::sync::atomic::{AtomicBool, AtomicUsize};
use selvedge_engine::sync::{Arc, RwLock, TryLockError};

use super::outcomes::{deadlocks, outcomes, set, take, task};

#[test]
fn two_readers_hold_the_lock_at_once() {
    let counts = outcomes(|| {
        let shared = Arc::new((RwLock::new(0), AtomicUsize::new(0)));
        let read = |(lock, readers): &(RwLock<u32>, AtomicUsize)| {
            let value = lock.read().unwrap();
            assert_eq!(*value, 0);
            let before = readers.fetch_add(1, SeqCst);
            readers.fetch_sub(1, SeqCst);
            before + 1
        };
        let other = task(&shared, read);
        let own = read(&shared);
        own.max(other.join().unwrap())
    });
    assert_eq!(counts, set([1, 2]));
}

#[test]
fn readers_and_writers_in_opposite_orders_deadlock() {
    let all = deadlocks(|| {
        let locks = Arc::new((RwLock::new(0), RwLock::new(0)));
        task(&locks, |(one, two)| {
            let _one = one.read().unwrap();
            let _two = two.read().unwrap();
        });
        let _two = locks.1.write().unwrap();
        let _one = locks.0.write().unwrap();
    });
    assert_eq!(all, (1, 3));
}

#[test]
fn two_writers() {
    let all = deadlocks(|| {
        let lock = Arc::new(RwLock::new(1));
        for _ in 0..2 {
            task(&lock, |lock| *lock.write().unwrap() += 1);
        }
    });
    assert_eq!(all, (0, 2));
}

/// Each waits for the other while it holds the lock: they complete only if both read at the same
/// time.
#[test]
fn two_readers_that_wait_for_one_another() {
    let all = deadlocks(|| {
        let shared = Arc::new((RwLock::new(1), [AtomicBool::new(false), AtomicBool::new(false)]));
        for me in 0..2 {
            task(&shared, move |(lock, here)| {
                let _held = lock.read().unwrap();
                here[me].store(true, SeqCst);
                here[1 - me].wait_until(|here| here);
            });
        }
    });
    assert_eq!(all, (0, 1));
}

#[test]
fn two_readers_and_a_writer() {
    let seen = outcomes(|| {
        let lock = Arc::new(RwLock::new(1));
        let readers = [0, 1].map(|_| task(&lock, |lock| *lock.read().unwrap()));
        *lock.write().unwrap() += 1;
        readers.map(|reader| reader.join().unwrap())
    });
    assert_eq!(seen, set([[1, 1], [1, 2], [2, 1], [2, 2]]));
}

#[test]
fn a_default_value() {
    #[derive(Debug)]
    struct Point(u32, u32);
    impl Default for Point {
        fn default() -> Self {
            Point(21, 42)
        }
    }
    let seen = outcomes(|| {
        let point: RwLock<Point> = RwLock::default();
        let point = point.read().unwrap();
        (point.0, point.1)
    });
    assert_eq!(seen, set([(21, 42)]));
}

#[test]
fn the_value_after_two_writers() {
    let values = outcomes(|| {
        let lock = Arc::new(RwLock::new(0));
        let writers = [0, 1].map(|_| task(&lock, |lock| *lock.write().unwrap() += 1));
        for writer in writers {
            writer.join().unwrap();
        }
        take(lock).into_inner().unwrap()
    });
    assert_eq!(values, set([2]));
}

/// Adds if the lock is free.
fn try_add(lock: &RwLock<u64>, step: u64) {
    match lock.try_write() {
        Ok(mut value) => *value += step,
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Poisoned(_)) => panic!("no task has panicked"),
    }
}

#[test]
fn one_of_two_try_writes_succeeds_or_both() {
    let values = outcomes(|| {
        let lock = Arc::new(RwLock::new(0));
        let tasks = [0, 1].map(|_| task(&lock, |lock| try_add(lock, 1)));
        for task in tasks {
            task.join().unwrap();
        }
        take(lock).into_inner().unwrap()
    });
    assert_eq!(values, set([1, 2]));
}

#[test]
fn the_granted_locks_are_those_of_std() {
    let granted = outcomes(|| {
        let locks = Arc::new((RwLock::new(()), std::sync::RwLock::new(())));
        let tasks = [0, 1].map(|_| {
            task(&locks, |(own, std)| {
                (0..2).all(|_| {
                    let read = own.try_read().is_ok_and(|_own| std.try_read().is_err());
                    let write = own.try_write().is_ok_and(|_own| std.try_write().is_err());
                    !read && !write
                })
            })
        });
        tasks.map(|task| task.join().unwrap())
    });
    assert_eq!(granted, set([[true, true]]));
}

/// The read comes anywhere between the writes, or is refused.
#[test]
fn a_write_two_try_writes_and_a_try_read() {
    let values = outcomes(|| {
        let lock = Arc::new(RwLock::new(0));
        let writing = task(&lock, |lock| *lock.write().unwrap() += 1);
        let trying = task(&lock, |lock| {
            try_add(lock, 1);
            try_add(lock, 2);
        });
        let read = match lock.try_read() {
            Ok(value) => Some(*value),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Poisoned(_)) => panic!("no task has panicked"),
        };
        writing.join().unwrap();
        trying.join().unwrap();
        (take(lock).into_inner().unwrap(), read)
    });
    let mut expected = BTreeSet::new();
    for last in 1..=4 {
        expected.insert((last, None));
        // If the first try-write was refused, the value is never 2.
        expected.extend((0..=last).filter(|&read| (last, read) != (3, 2)).map(|read| (last, Some(read))));
    }
    assert_eq!(values, expected);
}

#[test]
fn try_locks_of_the_holder() {
    let all = outcomes(|| {
        let lock = RwLock::new(());
        let read = {
            let _held = lock.read().unwrap();
            (lock.try_read().is_ok(), lock.try_write().is_ok())
        };
        let write = {
            let _held = lock.write().unwrap();
            (lock.try_read().is_ok(), lock.try_write().is_ok())
        };
        (read, write)
    });
    assert_eq!(all, set([((true, false), (false, false))]));
}

#[test]
fn upgrading_or_downgrading_a_lock_deadlocks() {
    let upgrade = deadlocks(|| {
        let lock = RwLock::new(());
        let _read = lock.read().unwrap();
        let _write = lock.write();
    });
    let downgrade = deadlocks(|| {
        let lock = RwLock::new(());
        let _write = lock.write().unwrap();
        let _read = lock.read();
    });
    let twice = deadlocks(|| {
        let lock = RwLock::new(());
        let _one = lock.write().unwrap();
        let _two = lock.write();
    });
    assert_eq!([upgrade, downgrade, twice], [(1, 1); 3]);
}
