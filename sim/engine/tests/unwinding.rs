//! Destructors that run while a task unwinds are explored like all other code, and aborted runs
//! end.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use selvedge_engine::mode::SearchMode;
use selvedge_engine::object::{Lock, Map};
use selvedge_engine::sync::atomic::AtomicU32;
use selvedge_engine::sync::{Condvar, Mutex, RwLock};
use selvedge_engine::{Bound, Ending, Explorer, Schedule, choose, future, hint, thread};

/// Adds one to a value under its lock when dropped.
struct AddsInDrop(Arc<Mutex<u32>>);

impl Drop for AddsInDrop {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) += 1;
    }
}

/// Two tasks take two locks in opposite orders; one drops a value whose destructor needs a lock of
/// the other. Aborting the deadlocked run must not wait for that lock.
#[test]
fn a_deadlock_is_aborted_although_a_destructor_needs_a_held_lock() {
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

/// A destructor needs a lock during a panic, and another task may hold the lock while it waits for
/// the first. Then both wait.
#[test]
fn a_destructor_that_waits_while_its_task_unwinds_can_deadlock() {
    for catch in [false, true] {
        let mut waiting = BTreeSet::new();
        let report = Explorer::optimal().run_each(
            move || {
                let held = Arc::new(Mutex::new(0));
                let signal = Arc::new((Mutex::new(false), Condvar::new()));
                let (its, wakes) = (Arc::clone(&held), Arc::clone(&signal));
                let holder = thread::spawn(move || {
                    let _held = its.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                    let (lock, condvar) = &*wakes;
                    drop(condvar.wait_while(lock.lock().unwrap(), |set| !*set).unwrap());
                });
                let panics = thread::spawn(move || {
                    let body = || {
                        let _adds = AddsInDrop(held);
                        panic!("while somebody may hold the lock");
                    };
                    assert!(catch_unwind(AssertUnwindSafe(body)).is_err() || !catch);
                    let (lock, condvar) = &*signal;
                    *lock.lock().unwrap() = true;
                    condvar.notify_one();
                });
                let _ = panics.join();
                holder.join().unwrap();
            },
            |run| {
                if let Ending::Deadlock(lines) = run.ending() {
                    waiting.extend(lines.iter().cloned());
                }
                ControlFlow::Continue(())
            },
        );
        assert!(report.is_complete());
        assert_eq!((report.redundant, report.panics), (0, 0));
        let waits = |line: &String| {
            line.starts_with("task 2 waits to lock held,") && line.contains("which task 1 has held since")
        };
        assert!(waiting.iter().any(waits), "{waiting:?}");
    }
}

/// Calls this closure when dropped.
struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// The classes of a program, each once, and the endings of its runs.
fn classes(
    explorer: &Explorer<impl SearchMode>,
    body: impl Fn() + 'static,
) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut classes, mut endings, mut executions) = (BTreeSet::new(), BTreeSet::new(), 0);
    let report = explorer.run_each(body, |run| {
        classes.insert(format!("{:?}", run.class()));
        endings.insert(format!("{:?}", run.ending()));
        executions += 1;
        ControlFlow::Continue(())
    });
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(report.redundant, 0);
    (classes, endings)
}

/// Two tasks store in a destructor while they unwind, and the main task loads.
#[test]
fn destructors_that_store_while_unwinding_are_explored() {
    let program = || {
        let x = Arc::new(AtomicU32::new(0));
        for _ in 0..2 {
            let (x, own) = (Arc::clone(&x), AtomicU32::new(0));
            thread::spawn(move || {
                let _stores = OnDrop(|| x.store(1, SeqCst));
                own.load(SeqCst);
                panic!("with a guard");
            });
        }
        x.load(SeqCst);
    };
    let (all, endings) = classes(&Explorer::naive(), program);
    let (found, found_endings) = classes(&Explorer::optimal(), program);
    // The load and the two stores, in any order.
    assert_eq!((all.len(), found.len()), (6, 6));
    assert_eq!((all, endings), (found, found_endings));
    // The OS thread can be used again.
    assert_eq!(Explorer::optimal().run(|| ()).executions, 1);
}

/// An operation in a destructor comes after any operations of others between it and the panic.
#[test]
fn a_load_before_the_panic_is_not_atomic_with_destructors() {
    let program = || {
        let (lock, x) = (Arc::new(Mutex::new(())), Arc::new(AtomicU32::new(0)));
        let (its, loads) = (Arc::clone(&lock), Arc::clone(&x));
        thread::spawn(move || {
            let _guard = its.lock();
            loads.load(SeqCst);
            panic!("while it holds the lock");
        });
        drop(lock.try_lock());
    };
    for explorer in [Explorer::optimal().into_any(), Explorer::naive().into_any()] {
        assert_eq!(classes(&explorer, program).0.len(), 3);
    }
}

/// While one task is suspended in a destructor, the others do not unwind, and poison no lock.
#[test]
fn only_the_task_that_unwinds_is_panicking() {
    let outcomes = Arc::new(std::sync::Mutex::new(BTreeSet::new()));
    let all = Arc::clone(&outcomes);
    let report = Explorer::optimal().run(move || {
        let (x, lock) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(0)));
        let stores = Arc::clone(&x);
        let panics = thread::spawn(move || {
            let _stores = OnDrop(|| {
                assert!(std::thread::panicking());
                stores.store(1, SeqCst);
                assert!(std::thread::panicking());
                let inner = catch_unwind(AssertUnwindSafe(|| {
                    let _stores = OnDrop(|| stores.store(2, SeqCst));
                    panic!("an inner one");
                }));
                assert!(inner.is_err() && std::thread::panicking());
                stores.store(3, SeqCst);
                assert!(std::thread::panicking());
            });
            panic!("with a guard");
        });
        let held = lock.lock().unwrap();
        let seen = (x.load(SeqCst), x.load(SeqCst));
        assert!(!std::thread::panicking());
        // This task panics while the other one unwinds.
        assert!(catch_unwind(|| panic!("another")).is_err());
        drop(held);
        assert!(!lock.is_poisoned() && !std::thread::panicking());
        outcomes.lock().unwrap().insert(seen);
        assert!(panics.join().is_err());
    });
    assert!(report.is_complete());
    assert_eq!((report.panics, report.deadlocks), (0, 0), "{report:?}");
    let pairs = (0..4).flat_map(|first| (first..4).map(move |second| (first, second)));
    assert_eq!(*all.lock().unwrap(), pairs.collect());
}

/// std formats the message while it runs the panic hook.
#[test]
fn formatting_a_panic_message_may_perform_operations() {
    struct Loads(Arc<AtomicU32>);
    impl std::fmt::Display for Loads {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "it was {}", self.0.load(SeqCst))
        }
    }
    let mut messages = BTreeSet::new();
    let report = Explorer::optimal().run_each(
        || {
            let x = Arc::new(AtomicU32::new(0));
            let loads = Loads(Arc::clone(&x));
            thread::spawn(move || {
                let _panics_meanwhile = catch_unwind(|| panic!("before"));
                x.store(1, SeqCst);
                catch_unwind(|| panic!("after")).unwrap_err();
            });
            panic!("{loads}");
        },
        |run| {
            let Ending::Panic { report, .. } = run.ending() else { panic!("{:?}", run.ending()) };
            messages.insert(report.message.clone());
            ControlFlow::Continue(())
        },
    );
    assert!(report.is_complete());
    assert_eq!(messages, BTreeSet::from(["it was 0".to_owned(), "it was 1".to_owned()]));
}

/// Two futures share a lock that the engine does not see, and run as instrumented.
#[test]
fn foreign_futures_run_as_instrumented_do_not_crash_the_engine() {
    let report = Explorer::optimal().max_executions(1_000).run(|| {
        let lock = Arc::new(tokio::sync::RwLock::new(0));
        let x = Arc::new(AtomicU32::new(0));
        for reader in 0..3 {
            let (lock, x) = (Arc::clone(&lock), Arc::clone(&x));
            thread::spawn(move || {
                future::block_on_instrumented(async move {
                    if reader == 0 {
                        let mut value = lock.write().await;
                        *value = x.load(SeqCst);
                        x.store(1, SeqCst);
                    } else {
                        let value = lock.read().await;
                        assert!(*value + x.load(SeqCst) < 10);
                    }
                });
            });
        }
    });
    assert!(report.executions > 0);
    assert_eq!(Explorer::optimal().run(|| ()).executions, 1);
}

/// Two tasks deadlock, each with a destructor that takes the lock of the other: neither can be
/// unwound.
fn deadlocks_with_guards(sets: usize) {
    for _ in 0..sets {
        let locks = Arc::new([Mutex::new(0), Mutex::new(0)]);
        for first in 0..2 {
            let locks = Arc::clone(&locks);
            thread::spawn(move || {
                let _held = locks[first].lock();
                let _takes = OnDrop(|| drop(locks[1 - first].lock()));
                drop(locks[1 - first].lock());
            });
        }
    }
}

#[test]
fn a_deadlock_whose_destructors_deadlock_ends() {
    let report = Explorer::optimal().run(|| deadlocks_with_guards(1));
    assert!(report.is_complete(), "{report:?}");
    let naive = Explorer::naive().run(|| deadlocks_with_guards(1));
    assert!(report.deadlocks > 0 && naive.deadlocks > 0);
}

#[test]
fn too_many_leaked_tasks_end_the_search() {
    let report = Explorer::naive().run(|| {
        deadlocks_with_guards(1);
        choose(2_000);
    });
    let Some(bound @ Bound::LeftBehind { tasks, source: Some(_) }) = report.bound else {
        panic!("{report:?}")
    };
    assert!((1_000..1_002).contains(&tasks));
    assert!(bound.to_string().contains("tests/unwinding.rs:"), "{bound}");
}

/// Two tasks deadlock, each in a loop that catches every panic.
#[test]
fn a_loop_that_catches_every_panic_ends_with_its_run() {
    let report = Explorer::optimal().max_steps(200).run(|| {
        let locks = Arc::new([Mutex::new(0), Mutex::new(0)]);
        for first in 0..2 {
            let locks = Arc::clone(&locks);
            thread::spawn(move || {
                let _held = locks[first].lock();
                loop {
                    let caught = catch_unwind(AssertUnwindSafe(|| drop(locks[1 - first].lock())));
                    if caught.is_ok() {
                        return;
                    }
                }
            });
        }
    });
    assert!(report.is_complete(), "{report:?}");
    assert!(report.deadlocks > 0, "{report:?}");
}

/// In an aborted run, a destructor spins until another task makes progress, or joins it.
#[test]
fn destructors_of_aborted_tasks_may_spin_and_join() {
    let report = Explorer::optimal().run(|| {
        let (lock, x) = (Arc::new(Mutex::new(0)), Arc::new(AtomicU32::new(0)));
        let (held, stores) = (Arc::clone(&lock), Arc::clone(&x));
        let task = thread::spawn(move || {
            let _stores = OnDrop(|| stores.store(1, SeqCst));
            thread::park();
            drop(held);
        });
        let task = std::cell::Cell::new(Some(task));
        let _joins =
            OnDrop(|| task.take().unwrap().join().unwrap_err().downcast::<&str>().map(drop).unwrap());
        let spinning = Arc::clone(&x);
        let _spins = OnDrop(move || {
            while spinning.load(SeqCst) == 0 {
                hint::spin_loop();
            }
        });
        let _first = lock.lock();
        drop(lock.lock());
    });
    assert!(report.is_complete(), "{report:?}");
    assert_eq!((report.deadlocks, report.executions), (1, 1));
}

/// In a deadlock, destructors unwrap a lock whose holder was unwound, and the result of a task that
/// was.
#[test]
fn destructors_of_aborted_tasks_may_unwrap() {
    let report = Explorer::optimal().run(|| {
        let (lock, shared) = (Arc::new(Mutex::new(0)), Arc::new(RwLock::new(0)));
        for _ in 0..2 {
            let (lock, shared) = (Arc::clone(&lock), Arc::clone(&shared));
            thread::spawn(move || {
                let _adds = OnDrop(|| {
                    *lock.lock().unwrap() += 1;
                    *shared.write().unwrap() += 1;
                    drop(shared.read().unwrap());
                });
                let _held = (lock.lock().unwrap(), shared.write().unwrap());
                thread::park();
            });
        }
        let task = std::cell::Cell::new(Some(thread::spawn(thread::park)));
        let _joins = OnDrop(move || task.take().unwrap().join().unwrap());
        panic!("while others wait");
    });
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(report.deadlocks + report.panics, report.executions);
}

/// The panic of a task is reported with its own location, even if other tasks panic before it is
/// caught.
#[test]
fn a_panic_is_reported_with_its_location_despite_others() {
    let mut places = BTreeSet::new();
    let line = line!() + 5;
    let report = Explorer::optimal().run_each(
        || {
            let x = Arc::new(AtomicU32::new(0));
            for _ in 0..2 {
                let x = Arc::clone(&x);
                thread::spawn(move || {
                    let inner = || catch_unwind(|| panic!("an inner one")).unwrap_err();
                    let _adds = OnDrop(|| drop((x.fetch_add(1, SeqCst), inner())));
                    panic!("the outer one"); // `line` is this one
                });
            }
        },
        |run| {
            let Ending::Panic { report, .. } = run.ending() else { panic!("{:?}", run.ending()) };
            places.insert((report.message.clone(), report.location.clone()));
            ControlFlow::Continue(())
        },
    );
    assert!(report.is_complete());
    let expected = ("the outer one".to_owned(), format!("{}:{}", file!(), line + 4));
    assert_eq!(places, BTreeSet::from([expected]));
}

/// Other tasks take a lock that unwinding releases before, during and after that: three classes.
#[test]
fn unwinding_releases_a_lock_in_a_separate_step() {
    for explorer in [Explorer::optimal().into_any(), Explorer::naive().into_any()] {
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

/// If a joined task's panic is resumed, the report shows the original location.
#[test]
fn a_resumed_panic_keeps_its_location() {
    let report = Explorer::optimal().run(|| {
        let task = thread::spawn(|| panic!("out of shelves"));
        std::panic::resume_unwind(task.join().unwrap_err());
    });
    let failure = report.failure.expect("it panics");
    let Ending::Panic { report, .. } = failure.ending else { panic!("{:?}", failure.ending) };
    assert_eq!(report.message, "out of shelves");
    assert!(report.location.contains("tests/unwinding.rs:"), "{}", report.location);
}

/// A replay ends before a task executes its last operation. The task must not execute the code that
/// follows: in this run the operation has not happened.
#[test]
fn an_aborted_task_executes_no_code_after_its_pending_operation() {
    let bodies: [fn(); 7] = [
        || AtomicU32::new(0).store(1, SeqCst),
        || drop(Mutex::new(0).lock()),
        || drop(RwLock::new(0).read()),
        || drop(RwLock::new(0).write()),
        || Map::new().entry("key").insert(1),
        || Lock::named("lock", 0).with(|value| *value += 1),
        || {
            thread::scope(|scope| {
                scope.spawn(|| AtomicU32::new(0).load(SeqCst));
            });
        },
    ];
    for (index, body) in bodies.into_iter().enumerate() {
        let complete = schedule_of(body);
        let last = complete.decisions().count() - 1;
        for events in 0..=last {
            let shortened = complete.decisions().take(events).collect();
            let has_returned = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
            let returned = std::sync::Arc::clone(&has_returned);
            let report = Explorer::replay(shortened).run(move || {
                body();
                returned.store(true, SeqCst);
            });
            assert!(!report.is_complete(), "body {index}, {events} events");
            assert!(!has_returned.load(SeqCst), "body {index}, {events} events");
        }
    }
}

/// The one schedule of this body.
fn schedule_of(body: fn()) -> Schedule {
    let mut schedule = None;
    let report = Explorer::optimal().run_each(body, |run| {
        schedule = Some(run.schedule());
        ControlFlow::Continue(())
    });
    assert_eq!(report.executions, 1);
    schedule.expect("one run")
}
