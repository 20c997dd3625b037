//! The texts of verdicts, word by word.

use std::cell::Cell as StdCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use selvedge_engine::mode::Any;
use selvedge_engine::object::Cell;
use selvedge_engine::sync::atomic::{AtomicU32, Ordering::SeqCst};
use selvedge_engine::sync::{Arc, Mutex};
use selvedge_engine::{Bound, Ending, Explorer, Verdict, choose, opaque, sometimes, thread};

/// Two tasks that take two locks in opposite orders.
fn crossed_locks() {
    let (left, right) = (Arc::new(Mutex::named("left", ())), Arc::new(Mutex::named("right", ())));
    let (own_left, own_right) = (Arc::clone(&left), Arc::clone(&right));
    let mirror = thread::Builder::new().name("mirror".to_owned()).spawn(move || {
        let _right = own_right.lock();
        let _left = own_left.lock();
    });
    let _left = left.lock();
    let _right = right.lock();
    drop((_left, _right));
    mirror.unwrap().join().unwrap();
}

/// The text without the line numbers, which change with every edit of this file.
fn without_lines(text: &str) -> String {
    let mut parts = text.split("sim/engine/tests/verdict.rs:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "HERE" + part.trim_start_matches(|it: char| it.is_ascii_digit()))
}

#[test]
fn a_clean_search_is_complete() {
    let verdict = Explorer::optimal()
        .run(|| {
            choose(3);
        })
        .verdict();
    assert_eq!(verdict, Verdict::Complete { executions: 3 });
    assert!(verdict.is_clean());
    assert_eq!(verdict.to_string(), "complete: nothing went wrong in 3 executions");
}

#[test]
fn a_deadlock_names_the_waiting_tasks_and_the_holders() {
    let report = Explorer::optimal().run(crossed_locks);
    assert_eq!((report.executions, report.deadlocks), (3, 1));
    let verdict = report.verdict();
    let text = "\
deadlock: no task is enabled
  main waits to lock right, at HERE, which mirror has held since
    HERE
  mirror waits to lock left, at HERE, which main has held since
    HERE
schedule s1:ab";
    assert_eq!(without_lines(&verdict.to_string()), text);
    let Verdict::Deadlock { waiting, schedule } = verdict else { panic!("{verdict}") };
    assert_eq!(waiting.len(), 2);
    let again = Explorer::replay(schedule).run(crossed_locks);
    assert_eq!(again.deadlocks, 1);
}

#[test]
fn a_task_that_waits_for_itself_is_reported() {
    let report = Explorer::optimal().run(|| {
        let lock = Mutex::new(());
        let _held = lock.lock();
        drop(lock.lock());
    });
    let Verdict::Deadlock { waiting, .. } = report.verdict() else { panic!("{report:?}") };
    assert_eq!(
        without_lines(&waiting[0]),
        "main waits to lock lock, at HERE, which it has itself held since HERE"
    );
}

#[test]
fn the_holder_of_the_lock_is_reported_after_failed_attempts() {
    let report = Explorer::optimal().run(|| {
        let lock = Arc::new(Mutex::new(()));
        let _held = lock.lock();
        let other = Arc::clone(&lock);
        let tries = thread::Builder::new().name("hopeful".to_owned());
        tries.spawn(move || assert!(other.try_lock().is_err())).unwrap().join().unwrap();
        drop(lock.lock());
    });
    let Verdict::Deadlock { waiting, .. } = report.verdict() else { panic!("{report:?}") };
    assert_eq!(
        without_lines(&waiting[0]),
        "main waits to lock lock, at HERE, which it has itself held since HERE"
    );
}

#[test]
fn a_panic_has_its_schedule_and_precedes_a_deadlock() {
    let body = || {
        let x = Arc::new(AtomicU32::new(0));
        let other = Arc::clone(&x);
        thread::spawn(move || other.store(choose(3) as u32, SeqCst));
        match x.load(SeqCst) {
            0 => {}
            1 => assert_eq!(x.wait_until(|value| value == 5), 5),
            value => panic!("found {value}"),
        }
    };
    let report = Explorer::optimal().run(body);
    assert_eq!((report.panics, report.deadlocks), (1, 1));
    let verdict = report.verdict();
    let text = "panic: main panicked at HERE: found 2\nschedule s1:b.2ba";
    assert_eq!(without_lines(&verdict.to_string()), text);
    let Verdict::Panic { schedule, .. } = verdict else { panic!("{verdict}") };
    assert_eq!(Explorer::replay(schedule).run(body).panics, 1);
}

#[test]
fn a_bound_is_reported_with_the_progress() {
    let two_choices = || {
        choose(10);
        choose(10);
    };
    let run = |explorer: Explorer<Any>| explorer.run(two_choices).verdict().to_string();
    assert_eq!(
        run(Explorer::optimal().max_executions(25).into_any()),
        "bounded: nothing went wrong in 25 executions, ended by the bound of 25 executions, with about 25.0 % of the \
         search done"
    );
    assert_eq!(
        run(Explorer::optimal().max_steps(1).into_any()),
        "bounded: nothing went wrong in 10 executions, kept within the bound of 1 step in one execution; \
         10 executions aborted there"
    );
    assert_eq!(
        run(Explorer::random(7, 1_000).into_any()),
        "bounded: nothing went wrong in 1,000 executions, ended by the bound of 1,000 executions, at random from seed 7"
    );
    assert_eq!(
        run(Explorer::replay("s1:a.3a".parse().unwrap()).into_any()),
        "bounded: nothing went wrong in 1 execution, kept within the one replayed schedule"
    );
    let steps = |steps: usize| {
        move || {
            thread::spawn(move || (0..steps).for_each(|_| opaque()));
            (0..steps).for_each(|_| opaque());
        }
    };
    assert_eq!(
        Explorer::naive().max_preemptions(0).run(steps(1)).verdict(),
        Verdict::Complete { executions: 2 }
    );
    assert_eq!(
        Explorer::naive().max_preemptions(0).run(steps(2)).verdict().to_string(),
        "bounded: nothing went wrong in 2 executions, kept within the bound of 0 preemptions in one execution"
    );
    let stopped = Explorer::optimal().run_each(
        || {
            choose(4);
        },
        |_| ControlFlow::Break(()),
    );
    assert_eq!(stopped.bound, Some(Bound::Stopped));
    assert_eq!(
        stopped.verdict().to_string(),
        "bounded: nothing went wrong in 1 execution, ended by a stop by the caller, with about 25.0 % of the search done"
    );
    let time = Explorer::optimal().max_time(std::time::Duration::ZERO).run(|| {
        choose(4);
    });
    assert!(matches!(time.verdict(), Verdict::Bounded { bound: Bound::Time(_), executions: 1, .. }));
}

#[test]
fn a_sometimes_condition_that_never_held_is_vacuous() {
    let body = |least: usize| {
        move || {
            let chosen = choose(3);
            sometimes("a large choice", chosen >= least);
            sometimes("a small choice", chosen == 0);
        }
    };
    let reached = Explorer::optimal().run(body(2));
    assert_eq!(reached.verdict(), Verdict::Complete { executions: 3 });
    let missed = Explorer::optimal().run(body(3));
    assert_eq!(missed.verdict(), Verdict::Vacuous { never: vec!["a large choice"], executions: 3 });
    assert_eq!(
        missed.verdict().to_string(),
        "vacuous: nothing went wrong in 3 executions, which cover every schedule, but `a large choice` \
         never held"
    );
    // The part that was left out may contain it.
    let cut = Explorer::optimal().max_executions(2).run(body(3));
    assert!(matches!(cut.verdict(), Verdict::Bounded { .. }));
    assert_eq!(cut.never, ["a large choice"]);
}

#[test]
fn a_nondeterministic_program_is_stopped_at_the_first_difference() {
    let runs = Rc::new(StdCell::new(0));
    let body = {
        let runs = Rc::clone(&runs);
        move || {
            runs.set(runs.get() + 1);
            let (a, b) = (Arc::new(Cell::named("a", 0)), Arc::new(Cell::named("b", 0)));
            let others = (Arc::clone(&a), Arc::clone(&b));
            thread::spawn(move || others.0.set(1));
            a.get();
            if runs.get() > 1 {
                b.get()
            } else {
                a.get()
            };
        }
    };
    let report = Explorer::optimal().run(body);
    assert!(!report.is_complete());
    let Verdict::Nondeterministic { difference } = report.verdict() else { panic!("{report:?}") };
    let difference = without_lines(&difference);
    assert!(difference.starts_with("at step 2, "), "{difference}");
    assert!(difference.contains("look for random numbers, clocks, iteration over a HashMap"), "{difference}");
}

#[test]
fn a_difference_after_the_repeated_steps_is_detected() {
    // The task's only repeated event is the same each time; it announces a different operation
    // after it.
    let runs = Rc::new(StdCell::new(0));
    let body = {
        let runs = Rc::clone(&runs);
        move || {
            runs.set(runs.get() + 1);
            let nth: u32 = runs.get();
            let (a, b) = (Arc::new(Cell::named("a", 0)), Arc::new(Cell::named("b", 0)));
            let others = (Arc::clone(&a), Arc::clone(&b));
            thread::spawn(move || {
                others.0.set(1);
                if nth.is_multiple_of(2) {
                    others.1.set(1);
                } else {
                    others.1.get();
                }
            });
            a.set(2);
            a.set(3);
            b.set(4);
        }
    };
    let report = Explorer::naive().run(body);
    let Verdict::Nondeterministic { difference } = report.verdict() else { panic!("{report:?}") };
    assert!(
        difference.contains("the tasks announce other operations than in an earlier run")
            || difference.contains("announced an operation at"),
        "{difference}"
    );
    assert!(report.executions <= 3, "{report:?}");
}

#[test]
fn the_first_of_the_most_severe_failures_is_reported() {
    let report = Explorer::optimal().run(crossed_locks);
    let failure = report.failure.expect("a deadlock");
    assert!(matches!(failure.ending, Ending::Deadlock(_)));
    let clean = Explorer::optimal().run(|| ());
    assert_eq!(clean.failure, None);
}
