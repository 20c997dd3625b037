//! `basic/mutex.rs`: locks and the order of their holders.

use selvedge_engine::object::Object;
use selvedge_engine::sync::atomic::AtomicUsize;
use selvedge_engine::sync::atomic::Ordering::SeqCst;
use selvedge_engine::sync::{Arc, Mutex, RwLock, TryLockError};

use super::outcomes::{deadlocks, explore, outcomes, panics, set, take, task};

#[test]
fn two_tasks_lock_and_increment() {
    let (report, _) = explore(|| {
        let lock = Arc::new(Mutex::new(0));
        task(&lock, |lock| *lock.lock().unwrap() += 1);
        *lock.lock().unwrap() += 1;
    });
    assert_eq!((report.executions, report.deadlocks), (2, 0));
}

pub(super) fn opposite_orders() {
    let locks = Arc::new((Mutex::new(0), Mutex::new(0)));
    task(&locks, |(one, two)| {
        let _one = one.lock().unwrap();
        let _two = two.lock().unwrap();
    });
    let _two = locks.1.lock().unwrap();
    let _one = locks.0.lock().unwrap();
}

#[test]
fn locks_in_opposite_orders_deadlock_in_one_class() {
    assert_eq!(deadlocks(opposite_orders), (1, 3));
}

pub(super) fn increments_in_two_steps() {
    let lock = Arc::new(Mutex::new(0));
    let tasks = [0, 1].map(|_| {
        task(&lock, |lock| {
            let seen = *lock.lock().unwrap();
            *lock.lock().unwrap() = seen + 1;
        })
    });
    for task in tasks {
        task.join().unwrap();
    }
    assert_eq!(*lock.lock().unwrap(), 2, "racing increments");
}

#[test]
fn increments_in_two_steps_race() {
    let message = panics(increments_in_two_steps);
    assert!(message.iter().all(|message| message.contains("racing increments")));
    assert_eq!(message.len(), 1);
}

#[test]
fn increments_under_the_lock_do_not() {
    let values = outcomes(|| {
        let lock = Arc::new(Mutex::new(0));
        let tasks = [0, 1].map(|_| task(&lock, |lock| *lock.lock().unwrap() += 1));
        for task in tasks {
            task.join().unwrap();
        }
        take(lock).into_inner().unwrap()
    });
    assert_eq!(values, set([2]));
}

/// The multiplication comes before, between or after the increments.
#[test]
fn an_unlock_enables_other_tasks() {
    let values = outcomes(|| {
        let lock = Arc::new(Mutex::new(0));
        let adding = task(&lock, |lock| {
            *lock.lock().unwrap() += 1;
            *lock.lock().unwrap() += 1;
        });
        let multiplying = task(&lock, |lock| *lock.lock().unwrap() *= 2);
        adding.join().unwrap();
        multiplying.join().unwrap();
        take(lock).into_inner().unwrap()
    });
    assert_eq!(values, set([2, 3, 4]));
}

/// A try-lock inside another lock observes the progress of the multiplication, which holds the
/// first.
#[test]
fn a_mutex_inside_a_reader_writer_lock() {
    let values = outcomes(|| {
        let shared = Arc::new((Mutex::new(()), RwLock::new(()), Object::new(0)));
        let adding = task(&shared, |(lock, rwlock, value)| {
            {
                let _held = lock.lock().unwrap();
                value.write_all(|value| *value += 1);
            }
            {
                let _outer = rwlock.write().unwrap();
                match lock.try_lock() {
                    Ok(_held) => value.write_all(|value| *value += 2),
                    Err(_) => value.write_all(|value| *value += 6),
                }
            }
            let _held = lock.lock().unwrap();
            value.write_all(|value| *value += 3);
        });
        let multiplying = task(&shared, |(lock, _, value)| {
            let _held = lock.lock().unwrap();
            value.write_all(|value| *value *= 2);
        });
        adding.join().unwrap();
        multiplying.join().unwrap();
        shared.2.read_all(|value| *value)
    });
    assert_eq!(values, set([6, 7, 9, 11, 12, 17]));
}

/// Adds if the lock is free.
fn try_add(lock: &Mutex<u64>, step: u64) {
    match lock.try_lock() {
        Ok(mut value) => *value += step,
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Poisoned(_)) => panic!("no task has panicked"),
    }
}

#[test]
fn one_of_two_try_locks_succeeds_or_both() {
    let values = outcomes(|| {
        let lock = Arc::new(Mutex::new(0));
        let tasks = [0, 1].map(|_| task(&lock, |lock| try_add(lock, 1)));
        for task in tasks {
            task.join().unwrap();
        }
        take(lock).into_inner().unwrap()
    });
    assert_eq!(values, set([1, 2]));
}

#[test]
fn a_lock_beside_two_try_locks() {
    let values = outcomes(|| {
        let lock = Arc::new(Mutex::new(0));
        let locking = task(&lock, |lock| *lock.lock().unwrap() += 1);
        let trying = task(&lock, |lock| {
            try_add(lock, 1);
            try_add(lock, 2);
        });
        locking.join().unwrap();
        trying.join().unwrap();
        take(lock).into_inner().unwrap()
    });
    assert_eq!(values, set([1, 2, 3, 4]));
}

#[test]
fn a_second_lock_of_the_same_task_deadlocks() {
    let all = deadlocks(|| {
        let lock = Mutex::new(());
        let _one = lock.lock().unwrap();
        let _two = lock.lock();
    });
    assert_eq!(all, (1, 1));
}

#[test]
fn a_second_try_lock_of_the_same_task_is_refused() {
    let refused = outcomes(|| {
        let lock = Mutex::new(());
        let _one = lock.try_lock().unwrap();
        matches!(lock.try_lock(), Err(TryLockError::WouldBlock))
    });
    assert_eq!(refused, set([true]));
}

#[test]
fn a_guard_is_dropped_by_a_panic() {
    let messages = panics(|| {
        let lock = Mutex::new(0);
        let _held = lock.lock().unwrap();
        panic!("expected panic");
    });
    assert_eq!(messages, set(["expected panic".to_owned()]));
}

/// Of two waiting tasks, either may be next, regardless of their arrival.
#[test]
fn locks_are_not_fair() {
    let orders = outcomes(|| {
        let shared = Arc::new((Mutex::new(Vec::new()), Mutex::new(Vec::new()), AtomicUsize::new(0)));
        let held = shared.0.lock().unwrap();
        let tasks = [0, 1].map(|me| {
            task(&shared, move |(lock, arrived, count)| {
                arrived.lock().unwrap().push(me);
                count.fetch_add(1, SeqCst);
                lock.lock().unwrap().push(me);
            })
        });
        shared.2.wait_until(|count| count == 2);
        drop(held);
        for task in tasks {
            task.join().unwrap();
        }
        let (lock, arrived, _) = take(shared);
        (arrived.into_inner().unwrap(), lock.into_inner().unwrap())
    });
    let (up, down) = (vec![0, 1], vec![1, 0]);
    let all = [(&up, &up), (&up, &down), (&down, &up), (&down, &down)];
    assert_eq!(orders, set(all.map(|(a, b)| (a.clone(), b.clone()))));
}
