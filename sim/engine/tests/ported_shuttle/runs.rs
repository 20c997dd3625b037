//! `basic/dfs.rs`, `basic/execution.rs`, `basic/timeout.rs`: the number of runs, and its bounds.
//!
//! shuttle's depth-first search counts interleavings, in which the start and the end of a task are
//! steps. These tests count classes.

use std::time::Duration;

use selvedge_engine::sync::atomic::AtomicBool;
use selvedge_engine::sync::atomic::Ordering::SeqCst;
use selvedge_engine::sync::{Arc, Mutex};
use selvedge_engine::{Bound, Explorer, thread};

use super::outcomes::{explore, task};

fn classes(body: impl Fn() + 'static) -> u64 {
    explore(body).0.executions
}

#[test]
fn tasks_that_do_nothing() {
    assert_eq!(classes(|| {}), 1);
    // shuttle: 2.
    assert_eq!(classes(|| drop(thread::spawn(|| {}))), 1);
}

#[test]
fn two_tasks_and_a_lock() {
    // shuttle: 15.
    let classes = classes(|| {
        let lock = Arc::new(Mutex::new(0));
        task(&lock, |lock| *lock.lock().unwrap() += 1);
        *lock.lock().unwrap() += 1;
    });
    assert_eq!(classes, 2);
}

#[test]
fn a_yield_is_no_step() {
    // shuttle: 50,050.
    let classes = classes(|| {
        let yielding = || (0..3).for_each(|_| thread::yield_now());
        thread::spawn(yielding);
        thread::spawn(yielding);
        yielding();
    });
    assert_eq!(classes, 1);
}

#[test]
fn the_bound_on_executions_is_reported() {
    let report = Explorer::optimal().max_executions(1).run(|| {
        let lock = Arc::new(Mutex::new(0));
        task(&lock, |lock| *lock.lock().unwrap() += 1);
        *lock.lock().unwrap() += 1;
    });
    assert_eq!((report.executions, report.bound), (1, Some(Bound::Executions(1))));
}

#[test]
fn the_bound_on_steps_is_reported() {
    let report = Explorer::optimal().max_steps(20).run(|| {
        let flag = AtomicBool::new(false);
        (0..100).for_each(|_| flag.store(true, SeqCst));
    });
    assert_eq!(report.bound, Some(Bound::Steps(20)));
}

#[test]
fn the_bound_on_time_is_reported() {
    let report = Explorer::optimal().max_time(Duration::ZERO).run(|| {
        let lock = Arc::new(Mutex::new(0));
        task(&lock, |lock| *lock.lock().unwrap() += 1);
        *lock.lock().unwrap() += 1;
    });
    assert_eq!((report.executions, report.bound), (1, Some(Bound::Time(Duration::ZERO))));
}
