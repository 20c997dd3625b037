//! The reports of failures name the cause: the first panic, the holders of a lock, the value that
//! differs.

use std::panic;
use std::sync::atomic::{AtomicU32 as StdAtomicU32, Ordering::Relaxed};

use selvedge_engine::mode::SearchMode;
use selvedge_engine::sync::atomic::{AtomicU32, Ordering::SeqCst};
use selvedge_engine::sync::{Arc, Mutex, RwLock};
use selvedge_engine::{Ending, Explorer, Verdict, choose, thread};

/// The message of `check` for a program that fails.
fn said(body: impl Fn() + std::panic::UnwindSafe + 'static) -> String {
    let payload = panic::catch_unwind(|| Explorer::optimal().check(body)).expect_err("it fails");
    payload.downcast_ref::<String>().expect("a text").clone()
}

fn difference(explorer: &Explorer<impl SearchMode>, body: impl Fn() + 'static) -> String {
    match explorer.run(body).verdict() {
        Verdict::Nondeterministic { difference } => difference,
        verdict => panic!("{verdict}"),
    }
}

#[test]
fn the_first_panic_comes_before_those_that_follow_from_it() {
    let text = said(|| {
        let worker = thread::Builder::new().name("worker".to_owned());
        let worker = worker.spawn(|| assert_eq!(1 + 1, 3, "the worker's own words")).unwrap();
        worker.join().unwrap();
    });
    assert!(text.starts_with("panic: worker panicked at sim/engine/tests/blame.rs:"), "{text}");
    let own = text.find("the worker's own words").expect("the first message");
    let after = text.find("then main panicked at sim/engine/tests/blame.rs:").expect("the second");
    assert!(own < after, "{text}");
    assert!(text.contains("called `Result::unwrap()` on an `Err` value"), "{text}");
}

#[test]
fn the_panic_that_poisons_a_lock_comes_first() {
    let text = said(|| {
        let lock = Arc::new(Mutex::new(0));
        let other = Arc::clone(&lock);
        thread::spawn(move || {
            let _held = other.lock().unwrap();
            panic!("while it held the lock");
        });
        drop(lock.lock().unwrap());
    });
    assert!(text.contains("panic: task 1 panicked"), "{text}");
    assert!(text.contains("while it held the lock"), "{text}");
}

#[test]
fn a_panic_that_is_resumed_is_reported_once() {
    let text = said(|| {
        let task = thread::spawn(|| assert_eq!(1 + 1, 3, "once"));
        if let Err(payload) = task.join() {
            panic::resume_unwind(payload);
        }
    });
    assert!(text.starts_with("panic: task 1 panicked at sim/engine/tests/blame.rs:"), "{text}");
    assert_eq!(text.matches("once").count(), 1, "{text}");
}

#[test]
fn a_deadlock_at_a_reader_writer_lock_names_the_readers() {
    let report = Explorer::optimal().run(|| {
        let lock = Arc::new(RwLock::named("table", ()));
        let stop = Arc::new(AtomicU32::new(0));
        let readers: Vec<_> = ["left", "right", "gone"]
            .into_iter()
            .map(|name| {
                let (lock, stop) = (Arc::clone(&lock), Arc::clone(&stop));
                let reader = thread::Builder::new().name(name.to_owned());
                let read = move || {
                    let _held = lock.read().unwrap();
                    if name != "gone" {
                        stop.wait_until(|stop| stop == 1);
                    }
                };
                reader.spawn(read).unwrap()
            })
            .collect();
        drop(lock.write());
        stop.store(1, SeqCst);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
    assert!(report.deadlocks > 0, "{report:?}");
    let both = |waiting: &[String]| {
        waiting.iter().any(|line| {
            line.starts_with("main waits to lock table")
                && line.contains(", which left has held for reading since")
        })
    };
    let Verdict::Deadlock { waiting, schedule } = report.verdict() else { panic!("{report:?}") };
    assert!(
        both(&waiting) || waiting[0].contains("right has held for reading since"),
        "{waiting:?} {schedule}"
    );
    assert!(!waiting[0].contains("gone"), "{waiting:?}");
    // Both hold it, and the third has released it.
    let schedule = "s1:bcd2".parse().unwrap();
    let report = Explorer::continuing(schedule).run(|| {
        let lock = Arc::new(RwLock::named("table", ()));
        let stop = Arc::new(AtomicU32::new(0));
        for name in ["left", "right", "gone"] {
            let (lock, stop) = (Arc::clone(&lock), Arc::clone(&stop));
            let reader = thread::Builder::new().name(name.to_owned());
            let read = move || {
                let _held = lock.read().unwrap();
                if name != "gone" {
                    stop.wait_until(|stop| stop == 1);
                }
            };
            drop(reader.spawn(read));
        }
        drop(lock.write());
    });
    let Some(Ending::Deadlock(waiting)) = report.failure.map(|its| its.ending) else { panic!("a deadlock") };
    let main = &waiting[0];
    assert!(main.contains(", which left has held for reading since"), "{main}");
    assert!(main.contains(", and right has held for reading since"), "{main}");
    assert!(!main.contains("gone"), "{main}");
}

/// A value that differs in each run: a counter outside of the body.
fn next() -> u32 {
    static RUNS: StdAtomicU32 = StdAtomicU32::new(1);
    RUNS.fetch_add(1, Relaxed)
}

#[test]
fn a_stored_value_that_differs_between_runs_is_nondeterminism() {
    let body = || {
        let x = Arc::new(AtomicU32::named("x", 0));
        let y = Arc::clone(&x);
        let own = next();
        x.store(own, SeqCst);
        thread::spawn(move || y.load(SeqCst));
        assert_eq!(x.load(SeqCst), own, "a task does not read its own store");
        x.store(0, SeqCst);
    };
    let text = difference(&Explorer::optimal(), body);
    assert!(text.contains("main performs another store at sim/engine/tests/blame.rs:"), "{text}");
    assert!(text.contains("it stores "), "{text}");
    assert!(text.contains(" in x, and stored "), "{text}");
    let text = difference(&Explorer::naive(), body);
    assert!(text.contains("A value differs between runs"), "{text}");
}

#[test]
fn an_initial_value_that_differs_is_nondeterminism() {
    let text = difference(&Explorer::optimal(), || {
        let own = next();
        let x = Arc::new(AtomicU32::named("x", own));
        let y = Arc::clone(&x);
        assert_eq!(x.load(SeqCst), own);
        thread::spawn(move || y.store(0, SeqCst));
        x.load(SeqCst);
    });
    assert!(text.contains("x contains "), "{text}");
}

#[test]
fn an_operand_or_a_choice_that_differs_is_nondeterminism() {
    let of = |act: fn(&AtomicU32, u32)| {
        difference(&Explorer::optimal(), move || {
            let x = Arc::new(AtomicU32::named("x", 0));
            let y = Arc::clone(&x);
            act(&x, next());
            thread::spawn(move || y.load(SeqCst));
            x.store(0, SeqCst);
        })
    };
    for text in [
        of(|x, own| {
            x.fetch_add(own, SeqCst);
        }),
        of(|x, own| {
            x.swap(own, SeqCst);
        }),
        of(|x, own| {
            _ = x.compare_exchange(0, own, SeqCst, SeqCst);
        }),
        of(|_, own| {
            choose(own as usize + 1);
        }),
    ] {
        assert!(text.contains("A value differs between runs"), "{text}");
    }
}

#[test]
fn a_difference_after_the_repeated_prefix_is_detected_in_the_announcements() {
    let text = difference(&Explorer::optimal(), || {
        let x = Arc::new(AtomicU32::named("x", 0));
        let y = Arc::clone(&x);
        let own = next();
        thread::spawn(move || y.store(own, SeqCst));
        x.load(SeqCst);
    });
    assert!(text.contains("the tasks announce other operations than"), "{text}");
}

#[test]
fn the_hint_names_the_causes_of_nondeterminism() {
    let text = difference(&Explorer::optimal(), || {
        choose(next() as usize + 1);
    });
    for cause in ["random numbers", "HashMap", "RandomState", "`tokio::select!`", "`biased`", "a static"] {
        assert!(text.contains(cause), "{cause}: {text}");
    }
}
