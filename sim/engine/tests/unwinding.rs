//! Destructors that run while a task unwinds: no other task can run until they have ended.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use selvedge_engine::sync::atomic::AtomicU32;
use selvedge_engine::sync::{Condvar, Mutex};
use selvedge_engine::{Ending, Explorer, thread};

/// Adds one to a value under its lock when it is dropped.
struct AddsInDrop(Arc<Mutex<u32>>);

impl Drop for AddsInDrop {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) += 1;
    }
}

/// Two tasks take two locks in opposite orders; one drops something that needs a lock of the other's. Giving up the
/// deadlocked run must not wait for that lock.
#[test]
fn a_deadlock_is_given_up_though_a_destructor_wants_a_lock_that_is_held() {
    let report = Explorer::optimal().run(|| {
        let (first, second) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
        let (a, b) = (Arc::clone(&first), Arc::clone(&second));
        let one = thread::spawn(move || {
            let _a = a.lock().unwrap();
            let _b = b.lock().unwrap();
        });
        let other = thread::spawn(move || {
            let _b = second.lock().unwrap();
            let _adds = AddsInDrop(Arc::clone(&first));
            let _a = first.lock().unwrap();
        });
        one.join().unwrap();
        other.join().unwrap();
    });
    assert!(report.is_complete());
    assert!(report.deadlocks > 0, "{report:?}");
}

/// What a run comes to in which a panic's destructor wants `held`, which another task holds while it waits for a signal.
fn held_while_one_unwinds(catch: bool) -> Vec<Ending> {
    let mut endings = Vec::new();
    let report = Explorer::optimal().run_each(
        move || {
            let held = Arc::new(Mutex::new(0));
            let signal = Arc::new((Mutex::new(false), Condvar::new()));
            let (its, wakes) = (Arc::clone(&held), Arc::clone(&signal));
            let holder = thread::spawn(move || {
                let _held = its.lock().unwrap();
                let (lock, condvar) = &*wakes;
                drop(condvar.wait_while(lock.lock().unwrap(), |set| !*set).unwrap());
            });
            let reads = AtomicU32::new(0);
            let panics = thread::spawn(move || {
                let body = || {
                    let _adds = AddsInDrop(held);
                    reads.load(SeqCst);
                    panic!("while somebody may hold the lock");
                };
                if catch {
                    catch_unwind(AssertUnwindSafe(body)).unwrap_err();
                } else {
                    body();
                }
                let (lock, condvar) = &*signal;
                *lock.lock().unwrap() = true;
                condvar.notify_one();
            });
            let _ = panics.join();
            holder.join().unwrap();
        },
        |run| {
            endings.push(run.ending().clone());
            ControlFlow::Continue(())
        },
    );
    assert!(report.is_complete());
    assert_eq!(report.redundant, 0);
    endings
}

#[test]
fn a_destructor_that_would_wait_while_its_task_unwinds_ends_the_run_and_is_told() {
    for catch in [false, true] {
        let endings = held_while_one_unwinds(catch);
        let told = endings.iter().filter_map(|ending| match ending {
            Ending::Panic { task, report } => Some((task.as_str(), report.message.as_str())),
            _ => None,
        });
        let told: BTreeSet<_> = told.filter(|(_, message)| message.contains("a destructor waits")).collect();
        let (task, message) = told.first().expect("some schedule has the lock held at the panic");
        assert_eq!(*task, "task 2");
        assert!(
            message.starts_with(
                "while it unwinds from a panic, a destructor waits to lock a mutex, which task 1 has held"
            ),
            "{message}"
        );
        assert!(message.ends_with("use try_lock in destructors"), "{message}");
    }
}

/// A lock that is given back by unwinding is taken by others before, at and after that: three classes.
#[test]
fn a_lock_is_given_back_in_a_step_of_its_own_when_its_task_unwinds() {
    for explorer in [Explorer::optimal(), Explorer::naive()] {
        let mut classes = BTreeSet::new();
        let report = explorer.run_each(
            || {
                let lock = Arc::new(Mutex::new(()));
                let value = AtomicU32::new(0);
                let its = Arc::clone(&lock);
                let panics = thread::spawn(move || {
                    let _held = its.lock().unwrap();
                    value.load(SeqCst);
                    panic!("while it holds the lock");
                });
                let tries = thread::spawn(move || drop(lock.try_lock()));
                panics.join().unwrap_err();
                tries.join().unwrap();
            },
            |run| {
                classes.insert(format!("{:?}", run.class()));
                ControlFlow::Continue(())
            },
        );
        assert!(report.is_complete());
        assert_eq!((classes.len(), report.redundant), (3, 0));
    }
}

/// Who resumes the panic of a task that was joined shows where that task panicked.
#[test]
fn a_panic_that_is_resumed_keeps_its_place() {
    let report = Explorer::optimal().run(|| {
        let task = thread::spawn(|| panic!("out of shelves"));
        std::panic::resume_unwind(task.join().unwrap_err());
    });
    let failure = report.failure.expect("it panics");
    let Ending::Panic { report, .. } = failure.ending else { panic!("{:?}", failure.ending) };
    assert_eq!(report.message, "out of shelves");
    assert!(report.location.contains("tests/unwinding.rs:"), "{}", report.location);
}
