//! `basic/thread.rs`: joins and names.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicU64 as StdAtomicU64;

use selvedge_engine::sync::atomic::AtomicBool;
use selvedge_engine::sync::atomic::Ordering::{Relaxed, SeqCst};
use selvedge_engine::sync::{Arc, Mutex};
use selvedge_engine::{Ending, Explorer, thread};

use super::outcomes::{outcomes, set, task};

#[test]
fn either_task_goes_first() {
    let seen = outcomes(|| {
        let flag = Arc::new(AtomicBool::new(false));
        task(&flag, |flag| flag.store(true, SeqCst));
        flag.load(SeqCst)
    });
    assert_eq!(seen, set([false, true]));
}

#[test]
fn a_join_returns_the_result_after_the_tasks_events() {
    let seen = outcomes(|| {
        let lock = Arc::new(Mutex::new(false));
        let handle = task(&lock, |lock| {
            *lock.lock().unwrap() = true;
            1
        });
        (handle.join().unwrap(), *lock.lock().unwrap())
    });
    assert_eq!(seen, set([(1, true)]));
}

#[test]
fn a_task_whose_handle_is_dropped_still_runs() {
    let ended = Arc::new(StdAtomicU64::new(0));
    let count = Arc::clone(&ended);
    let report = Explorer::optimal().run(move || {
        let lock = Arc::new(Mutex::new(false));
        let count = Arc::clone(&count);
        drop(task(&lock, move |lock| {
            *lock.lock().unwrap() = true;
            count.fetch_add(1, Relaxed);
        }));
        *lock.lock().unwrap() = true;
    });
    assert_eq!((report.executions, ended.load(Relaxed)), (2, 2));
}

#[test]
fn a_name_is_in_the_messages() {
    let mut waiting = Vec::new();
    Explorer::optimal().run_each(
        || {
            let lock = Arc::new(Mutex::new(()));
            let other = Arc::clone(&lock);
            let _held = lock.lock().unwrap();
            let builder = thread::Builder::new().name("producer".to_owned());
            builder.spawn(move || drop(other.lock())).unwrap().join().unwrap();
        },
        |run| {
            if let Ending::Deadlock(lines) = run.ending() {
                waiting.extend_from_slice(lines);
            }
            ControlFlow::Continue(())
        },
    );
    assert_eq!(waiting[0], "main waits for the end of producer");
    assert!(waiting[1].starts_with("producer waits to lock lock, at "), "{waiting:?}");
}

#[test]
fn outside_an_exploration_a_lock_is_stds() {
    let lock = Mutex::new(0);
    *lock.lock().unwrap() += 1;
    assert_eq!(lock.into_inner().unwrap(), 1);
}
