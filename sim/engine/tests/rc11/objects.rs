//! Locks, parks and other objects: their operations are totally ordered, each acquires from the one
//! before it.

use selvedge_engine::sync::atomic::{AtomicU32, Ordering};
use selvedge_engine::sync::{Arc, Condvar, Mutex, RwLock, mpsc};
use selvedge_engine::{Explorer, Report, thread};

fn explore(program: impl Fn() + 'static) -> Report {
    let report = Explorer::rc11().max_executions(10_000).run(program);
    assert!(report.bound.is_none() && report.nondeterminism.is_none(), "{}", report.verdict());
    assert_eq!(report.redundant, 0);
    report
}

#[test]
fn locks_are_ordered_in_each_way_once() {
    for (tasks, orders) in [(1, 1), (2, 2), (3, 6), (4, 24)] {
        let report = explore(move || {
            let shared = Arc::new((Mutex::new(()), AtomicU32::new(0)));
            let add = |_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    let _guard = shared.0.lock().unwrap();
                    let value = shared.1.load(Ordering::Relaxed);
                    shared.1.store(value + 1, Ordering::Relaxed);
                })
            };
            let all: Vec<_> = (0..tasks).map(add).collect();
            all.into_iter().for_each(|task| task.join().unwrap());
            assert_eq!(shared.1.load(Ordering::Relaxed), tasks);
        });
        assert_eq!((report.executions, report.panics, report.deadlocks), (orders, 0, 0));
    }
}

#[test]
fn parks_and_unparks() {
    let report = explore(|| {
        let main = thread::current();
        thread::spawn(move || {
            main.unpark();
            main.unpark();
        });
        thread::park();
        thread::park();
    });
    // Both tokens are one, or the second comes after the first park.
    assert_eq!((report.executions, report.deadlocks), (2, 1));
}

#[test]
fn a_spurious_wakeup_of_park() {
    let report = Explorer::rc11().max_executions(1_000).spurious_wakeups(1).run(|| {
        let main = thread::current();
        thread::spawn(move || main.unpark());
        thread::park();
    });
    assert!(report.is_complete(), "{}", report.verdict());
    assert_eq!((report.executions, report.deadlocks), (2, 0));
}

#[test]
fn a_lock_that_is_never_released_blocks_each_other_task() {
    let report = explore(|| {
        let lock = Arc::new(Mutex::new(()));
        for _ in 0..3 {
            let lock = Arc::clone(&lock);
            thread::spawn(move || std::mem::forget(lock.lock().unwrap()));
        }
    });
    assert_eq!((report.executions, report.deadlocks), (3, 3));
}

#[test]
fn a_condvar_wakes_a_task_that_waits() {
    let report = explore(|| {
        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let other = Arc::clone(&pair);
        thread::spawn(move || {
            *other.0.lock().unwrap() = true;
            other.1.notify_one();
        });
        let mut ready = pair.0.lock().unwrap();
        while !*ready {
            ready = pair.1.wait(ready).unwrap();
        }
    });
    assert_eq!((report.deadlocks, report.panics), (0, 0));
}

#[test]
fn a_reader_writer_lock_publishes() {
    let report = explore(|| {
        let shared = Arc::new((RwLock::new(0), AtomicU32::new(0)));
        let other = Arc::clone(&shared);
        thread::spawn(move || {
            other.1.store(1, Ordering::Relaxed);
            *other.0.write().unwrap() = 1;
        });
        if *shared.0.read().unwrap() == 1 {
            assert_eq!(shared.1.load(Ordering::Relaxed), 1);
        }
    });
    assert!(report.is_complete(), "{}", report.verdict());
}

#[test]
fn a_channel_publishes() {
    let report = explore(|| {
        let shared = Arc::new(AtomicU32::new(0));
        let (sender, receiver) = mpsc::channel();
        let other = Arc::clone(&shared);
        thread::spawn(move || {
            other.store(1, Ordering::Relaxed);
            sender.send(()).unwrap();
        });
        receiver.recv().unwrap();
        assert_eq!(shared.load(Ordering::Relaxed), 1);
    });
    assert!(report.is_complete(), "{}", report.verdict());
}

/// The main task misses its value in no execution in which the other task can still continue.
#[test]
fn a_task_that_can_continue_is_not_stuck() {
    use selvedge_engine::await_until;
    let report = explore(|| {
        let x = Arc::new(AtomicU32::new(0));
        let (first, second, third) = (Arc::clone(&x), Arc::clone(&x), Arc::clone(&x));
        thread::spawn(move || first.swap(1, Ordering::Relaxed));
        thread::spawn(move || {
            let seen = Arc::clone(&second);
            await_until(move || seen.load(Ordering::Acquire) <= 1);
            second.store(2, Ordering::Release);
        });
        await_until(move || third.load(Ordering::Acquire) % 2 == 0);
    });
    // The store of 2 comes first, and the main task reads neither 0 nor 2.
    assert_eq!(report.deadlocks, 1);
}

/// The task that waits may wait forever only if the other's two operations come first; then no
/// graph contains its read of the old value.
#[test]
fn a_missed_value_beside_seq_cst_operations_is_refused() {
    use selvedge_engine::Verdict;
    let verdict = Explorer::rc11()
        .run(|| {
            let shared = Arc::new((AtomicU32::new(0), AtomicU32::new(1)));
            let other = Arc::clone(&shared);
            thread::spawn(move || {
                other.0.fetch_add(1, Ordering::SeqCst);
                other.1.fetch_max(0, Ordering::SeqCst);
            });
            shared.1.store(0, Ordering::SeqCst);
            shared.0.wait_until(|value| value == 0);
        })
        .verdict();
    assert!(matches!(verdict, Verdict::Refused { .. }), "{verdict}");
}
