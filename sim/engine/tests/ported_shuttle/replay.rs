//! `basic/replay.rs`: schedules that are replayed; and `basic/uncontrolled_nondeterminism.rs`:
//! nondeterministic programs.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicU64 as StdAtomicU64;

use selvedge_engine::sync::atomic::Ordering::{Relaxed, SeqCst};
use selvedge_engine::sync::atomic::{AtomicBool, AtomicU64};
use selvedge_engine::sync::{Arc, Mutex};
use selvedge_engine::{Ending, Explorer, Schedule};

use super::mutex;
use super::outcomes::task;

/// The schedules that end in a panic or a deadlock.
fn failing(body: impl Fn() + 'static) -> Vec<Schedule> {
    let mut failing = Vec::new();
    Explorer::optimal().run_each(body, |run| {
        if *run.ending() != Ending::Complete {
            failing.push(run.schedule());
        }
        ControlFlow::Continue(())
    });
    failing
}

#[test]
fn a_panic() {
    for schedule in failing(mutex::increments_in_two_steps) {
        let report = Explorer::replay(schedule).run(mutex::increments_in_two_steps);
        assert_eq!((report.executions, report.panics), (1, 1));
    }
}

#[test]
fn a_deadlock() {
    for schedule in failing(mutex::opposite_orders) {
        let report = Explorer::replay(schedule).run(mutex::opposite_orders);
        assert_eq!((report.executions, report.deadlocks), (1, 1));
    }
}

fn three_locks_in_a_circle() {
    let locks = Arc::new([Mutex::new(0), Mutex::new(0), Mutex::new(0)]);
    let take_two = |own: usize| {
        move |locks: &[Mutex<i32>; 3]| {
            let _one = locks[own].lock().unwrap();
            let _two = locks[(own + 1) % 3].lock().unwrap();
        }
    };
    task(&locks, take_two(0));
    task(&locks, take_two(1));
    take_two(2)(&locks);
}

#[test]
fn a_deadlock_of_three() {
    let schedules = failing(three_locks_in_a_circle);
    assert_eq!(schedules.len(), 1);
    let report = Explorer::replay(schedules[0].clone()).run(three_locks_in_a_circle);
    assert_eq!(report.deadlocks, 1);
}

/// A schedule that ends early, or chooses a disabled task, leaves tasks that hold locks. They are
/// unwound, and their values are dropped.
#[test]
fn an_incomplete_schedule() {
    for schedule in ["s1:a", "s1:aba", "s1:bcb"] {
        let report = Explorer::replay(schedule.parse().unwrap()).run(three_locks_in_a_circle);
        assert_eq!((report.executions, report.panics), (1, 0));
        assert!(report.nondeterminism.is_some_and(|why| why.contains("does not fit the program")));
    }
}

fn many_steps() {
    let counter = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..30)
        .map(|_| {
            task(&counter, |counter| {
                for _ in 0..100 {
                    counter.fetch_add(1, SeqCst);
                }
            })
        })
        .collect();
    for task in tasks {
        task.join().unwrap();
    }
    assert_eq!(counter.load(SeqCst), 0, "so much work, and all for nothing");
}

#[test]
fn a_long_schedule() {
    let mut schedule = Schedule::default();
    let report = Explorer::optimal().max_executions(1).run_each(many_steps, |run| {
        schedule = run.schedule();
        ControlFlow::Continue(())
    });
    assert_eq!((report.panics, schedule.len()), (1, 3_001));
    assert_eq!(Explorer::replay(schedule).run(many_steps).panics, 1);
}

#[test]
fn a_nondeterministic_program_is_reported() {
    let runs = StdAtomicU64::new(0);
    let report = Explorer::optimal().run(move || {
        let random = runs.fetch_add(1, Relaxed);
        let shared = Arc::new((AtomicBool::new(false), Mutex::new(0), AtomicU64::new(0)));
        task(&shared, move |(flag, lock, counter)| {
            flag.load(SeqCst);
            if random.is_multiple_of(2) {
                *lock.lock().unwrap() += 1;
            } else {
                counter.fetch_add(1, SeqCst);
            }
            flag.load(SeqCst);
        });
        shared.0.store(true, SeqCst);
    });
    let difference = report.nondeterminism.expect("it does something else each time");
    assert!(difference.contains("look for random numbers"), "{difference}");
}
