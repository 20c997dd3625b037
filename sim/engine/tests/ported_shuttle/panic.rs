//! `basic/panic.rs`: poisoning, and tasks that wait while the holder panics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use selvedge_engine::sync::atomic::AtomicBool;
use selvedge_engine::sync::atomic::Ordering::SeqCst;
use selvedge_engine::sync::{Arc, Mutex, PoisonError, RwLock, mpsc};
use selvedge_engine::thread;

use super::outcomes::{outcomes, set, take, task};

#[test]
fn a_panic_poisons_the_lock_that_was_held_and_no_other() {
    let all = outcomes(|| {
        let locks = Arc::new((Mutex::new(()), Mutex::new(()), RwLock::new(()), RwLock::new(())));
        let others = (locks.1.lock().unwrap(), locks.3.write().unwrap());
        let panicking = task(&locks, |(mutex, _, rwlock, _)| {
            catch_unwind(AssertUnwindSafe(|| {
                let _held = (mutex.lock().unwrap(), rwlock.write().unwrap());
                panic!("expected");
            }))
            .is_err()
        });
        assert!(panicking.join().unwrap());
        drop(others);
        let poisoned = (locks.0.lock().is_err(), locks.2.write().is_err());
        let others = (locks.1.lock().is_err(), locks.3.write().is_err());
        let (mutex, _, rwlock, _) = take(locks);
        assert!(mutex.into_inner().is_err() && rwlock.into_inner().is_err());
        (poisoned, others)
    });
    assert_eq!(all, set([((true, true), (false, false))]));
}

/// The main task gets the lock, whether it waited or came early.
#[test]
fn a_task_waits_for_a_lock_whose_holder_panics() {
    let poisoned = outcomes(|| {
        let shared = Arc::new((Mutex::new(0), AtomicBool::new(false)));
        let holding = task(&shared, |(lock, flag)| {
            let result = catch_unwind(AssertUnwindSafe(|| {
                let _held = lock.lock().unwrap();
                flag.store(true, SeqCst);
                panic!("expected");
            }));
            assert!(result.is_err());
        });
        let (mut value, poisoned) = match shared.0.lock() {
            Ok(value) => (value, false),
            Err(poisoned) => (PoisonError::into_inner(poisoned), true),
        };
        *value += 1;
        drop(value);
        holding.join().unwrap();
        assert!(shared.0.lock().is_err());
        poisoned
    });
    assert_eq!(poisoned, set([false, true]));
}

#[test]
fn a_reader_and_a_writer_wait_for_a_lock_whose_holder_panics() {
    let values = outcomes(|| {
        let lock = Arc::new(RwLock::new(0));
        let holding = task(&lock, |lock| {
            let result = catch_unwind(AssertUnwindSafe(|| {
                let _held = lock.write().unwrap();
                panic!("expected");
            }));
            assert!(result.is_err());
        });
        let reading = task(&lock, |lock| *lock.read().unwrap_or_else(PoisonError::into_inner));
        *lock.write().unwrap_or_else(PoisonError::into_inner) += 1;
        holding.join().unwrap();
        assert!(lock.write().is_err());
        reading.join().unwrap()
    });
    assert_eq!(values, set([0, 1]));
}

/// The only sender is dropped while its task unwinds.
#[test]
fn a_receiver_sees_that_the_sender_is_gone() {
    let received = outcomes(|| {
        let (sender, receiver) = mpsc::channel::<()>();
        let panicking = thread::spawn(move || {
            let result = catch_unwind(AssertUnwindSafe(move || {
                let _sender = sender;
                panic!("expected");
            }));
            assert!(result.is_err());
        });
        let received = receiver.recv().is_ok();
        panicking.join().unwrap();
        received
    });
    assert_eq!(received, set([false]));
}
