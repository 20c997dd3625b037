//! Tasks: scopes, park and unpark, names, thread-locals, spins, conditions on several atomics.
//! Counts are computed by hand.

use std::cell::{Cell as StdCell, RefCell};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex as StdMutex};
use std::time::Duration;

use selvedge_engine::object::Cell;
use selvedge_engine::sync::atomic::AtomicU32;
use selvedge_engine::sync::atomic::Ordering::SeqCst;
use selvedge_engine::sync::{Mutex, RwLock};
use selvedge_engine::{Bound, Ending, Explorer, Report, await_until, hint, thread, thread_local};

/// Explores all of `program`, and checks the numbers of executions, deadlocks and panics.
#[track_caller]
fn check(program: impl Fn() + 'static, executions: u64, deadlocks: u64, panics: u64) {
    let report = Explorer::optimal().run(program);
    assert!(report.is_complete(), "{report:?}");
    assert_eq!((report.executions, report.deadlocks, report.panics), (executions, deadlocks, panics));
    assert_eq!(report.redundant, 0);
}

/// The ending of the first execution that fails.
fn first_bad(program: impl Fn() + 'static) -> Ending {
    let mut bad = None;
    Explorer::optimal().run_each(program, |run| match run.ending() {
        Ending::Complete => ControlFlow::Continue(()),
        ending => {
            bad = Some(ending.clone());
            ControlFlow::Break(())
        }
    });
    bad.expect("an execution that does not end well")
}

fn panic_of(program: impl Fn() + 'static) -> String {
    match first_bad(program) {
        Ending::Panic { report, .. } => report.message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn scoped_tasks_borrow_and_are_waited_for() {
    check(
        || {
            let cell = Cell::new(0);
            let mut own = 0;
            let doubled = thread::scope(|scope| {
                scope.spawn(|| own = 5);
                let task = scope.spawn(|| cell.get());
                cell.set(1);
                task.join().unwrap() * 2
            });
            assert_eq!(own, 5);
            assert!(doubled == 0 || doubled == 2);
        },
        2,
        0,
        0,
    );
}

#[test]
fn a_scope_waits_for_the_tasks_of_its_tasks() {
    check(
        || {
            let counter = AtomicU32::new(0);
            thread::scope(|scope| {
                scope.spawn(|| {
                    scope.spawn(|| counter.fetch_add(1, SeqCst));
                    counter.fetch_add(1, SeqCst);
                });
            });
            assert_eq!(counter.load(SeqCst), 2);
        },
        2,
        0,
        0,
    );
}

#[test]
fn a_task_may_be_joined_while_its_scope_waits_for_it() {
    check(
        || {
            let lock = Mutex::new(0);
            thread::scope(|scope| {
                let first = scope.spawn(|| *lock.lock().unwrap() += 1);
                scope.spawn(|| {
                    first.join().unwrap();
                    *lock.lock().unwrap() += 1;
                });
            });
            assert_eq!(lock.into_inner().unwrap(), 2);
        },
        1,
        0,
        0,
    );
}

#[test]
fn a_scope_panics_for_a_task_that_panicked_and_was_not_joined() {
    let message = panic_of(|| {
        thread::scope(|scope| {
            scope.spawn(|| panic!("too hot"));
        });
    });
    assert!(message.starts_with("too hot\nthen main panicked at "), "{message}");
    assert!(message.contains(": a scoped thread panicked, at "), "{message}");
    assert!(message.contains("threads.rs:") && message.ends_with(": too hot"), "{message}");
    check(
        || {
            thread::scope(|scope| {
                assert!(scope.spawn(|| panic!("too hot")).join().is_err());
            });
        },
        1,
        0,
        0,
    );
}

#[test]
fn a_scope_whose_body_panics_waits_first() {
    let ended = Arc::new(StdMutex::new(0));
    let seen = Arc::clone(&ended);
    let message = panic_of(move || {
        let cell = Cell::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                cell.set(1);
                *ended.lock().unwrap() += 1;
            });
            panic!("too cold");
        });
    });
    assert_eq!((message.as_str(), *seen.lock().unwrap()), ("too cold", 1));
}

#[test]
fn a_scope_in_an_aborted_run_unwinds_its_tasks_first() {
    /// Reads the value that it borrows when it is dropped.
    struct Looks<'a>(&'a StdMutex<Vec<&'static str>>, &'static str);
    impl Drop for Looks<'_> {
        fn drop(&mut self) {
            self.0.lock().unwrap().push(self.1);
        }
    }
    let log = Arc::new(StdMutex::new(Vec::new()));
    let kept = Arc::clone(&log);
    check(
        move || {
            let own = StdMutex::new(Vec::new());
            let _kept = Looks(&log, "main");
            thread::scope(|scope| {
                scope.spawn(|| {
                    let _looks = Looks(&own, "child");
                    let _kept = Looks(&log, "child");
                    thread::scope(|inner| {
                        inner.spawn(|| {
                            let _kept = Looks(&log, "grandchild");
                            thread::park();
                        });
                    });
                });
                let _kept = Looks(&log, "body");
            });
        },
        1,
        1,
        0,
    );
    assert_eq!(*kept.lock().unwrap(), ["body", "grandchild", "child", "main"]);
}

#[test]
fn unparking_twice_is_unparking_once() {
    // Main parks twice: with one token the second park never returns, whether or not both calls
    // came before the first park.
    check(
        || {
            let main = thread::current();
            for _ in 0..2 {
                let main = main.clone();
                thread::spawn(move || main.unpark());
            }
            thread::park();
            thread::park();
        },
        // Both before the first park (one class, a deadlock); or one before and one after (either
        // of the two).
        3,
        1,
        0,
    );
}

#[test]
fn a_park_without_an_unpark_is_a_deadlock() {
    let ending = first_bad(thread::park);
    let Ending::Deadlock(waiting) = ending else { panic!("{ending:?}") };
    assert!(waiting[0].starts_with("main waits to be woken by an unpark, at "), "{waiting:?}");
}

#[test]
fn a_park_with_a_timeout_always_returns() {
    check(|| thread::park_timeout(Duration::from_secs(1)), 1, 0, 0);
    check(
        || {
            let main = thread::current();
            thread::spawn(move || main.unpark());
            thread::park_timeout(Duration::from_secs(1));
        },
        2,
        0,
        0,
    );
}

#[test]
fn tasks_have_ids_and_names() {
    check(
        || {
            let main = thread::current();
            assert_eq!(main.name(), Some("main"));
            let task = thread::Builder::new()
                .name("reader".to_owned())
                .stack_size(4 << 20)
                .spawn(move || {
                    let big = [1_u8; 2 << 20];
                    assert_eq!(std::hint::black_box(&big).len(), 2 << 20);
                    assert_ne!(thread::current().id(), main.id());
                    thread::current()
                })
                .unwrap();
            assert_eq!(task.thread().name(), Some("reader"));
            let (id, thread) = (task.thread().id(), task.join().unwrap());
            assert_eq!((thread.id(), thread.name()), (id, Some("reader")));
            assert_eq!(thread::spawn(|| thread::current().name().is_none()).join().ok(), Some(true));
        },
        1,
        0,
        0,
    );
}

#[test]
fn is_finished_is_explored_before_and_after_the_last_operation() {
    let answers = Arc::new(StdMutex::new(Vec::new()));
    let seen = Arc::clone(&answers);
    check(
        move || {
            let cell = Arc::new(Cell::new(0));
            let task = thread::spawn(move || cell.set(1));
            answers.lock().unwrap().push(task.is_finished());
        },
        2,
        0,
        0,
    );
    assert_eq!(*seen.lock().unwrap(), [false, true]);
}

thread_local! {
    static OWN: StdCell<u32> = const { StdCell::new(7) };
    /// With a comment, and initialized by a function.
    pub(crate) static LIST: RefCell<Vec<u32>> = RefCell::new(vec![OWN.get()]);
    static LATE: RefCell<Option<OnDrop>> = RefCell::default()
}

/// Marks its drop under a lock of the run.
struct OnDrop(Arc<RwLock<Vec<&'static str>>>, &'static str);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.write().unwrap().push(self.1);
        assert!(LATE.try_with(|_| ()).is_err(), "it is gone while it is dropped");
        LIST.with_borrow(|list| assert_eq!(list[..], [7], "it can still be made"));
    }
}

#[test]
fn thread_locals_belong_to_one_task_of_one_run() {
    check(
        || {
            let cell = Arc::new(Cell::new(0));
            for nth in 0..2 {
                let cell = Arc::clone(&cell);
                thread::spawn(move || {
                    assert_eq!(OWN.replace(nth), 7);
                    cell.set(nth);
                    assert_eq!(OWN.get(), nth);
                });
            }
            LIST.with_borrow_mut(|list| list.push(1));
            assert_eq!(LIST.take(), [7, 1]);
            OWN.set(8);
            assert_eq!(OWN.take(), 8);
        },
        2,
        0,
        0,
    );
    // Outside an exploration they belong to the OS thread.
    OWN.set(9);
    assert_eq!(OWN.get(), 9);
    assert_eq!(std::thread::spawn(|| OWN.get()).join().ok(), Some(7));
}

#[test]
fn destructors_of_thread_locals_run_at_the_end_of_the_task() {
    check(
        || {
            let log = Arc::new(RwLock::new(Vec::new()));
            let own = Arc::clone(&log);
            let task = thread::spawn(move || {
                LATE.set(Some(OnDrop(Arc::clone(&own), "local")));
                own.write().unwrap().push("task");
            });
            task.join().unwrap();
            assert_eq!(*log.read().unwrap(), ["task", "local"]);
        },
        1,
        0,
        0,
    );
    // Also of a task that never ends.
    check(
        || {
            LATE.set(Some(OnDrop(Arc::default(), "local")));
            thread::park();
        },
        1,
        1,
        0,
    );
}

fn spin(turn: fn()) -> Report {
    Explorer::optimal().run(move || {
        let ready = Arc::new(AtomicU32::new(0));
        let setter = Arc::clone(&ready);
        thread::spawn(move || setter.store(1, SeqCst));
        while ready.load(SeqCst) == 0 {
            turn();
        }
    })
}

#[test]
fn a_spin_ends_at_a_bound_with_a_hint() {
    for turn in [hint::spin_loop, thread::yield_now] {
        let report = spin(turn);
        assert!(!report.is_complete());
        assert!(matches!(report.bound, Some(Bound::Spins { iterations: 100, .. })), "{report:?}");
        let bound = report.bound.unwrap().to_string();
        assert!(bound.contains("without progress, at ") && bound.contains("await_until"), "{bound}");
        // Each number of iterations before the store is a class; so is never observing it within
        // the bound.
        assert_eq!(report.executions, 102);
    }
}

#[test]
fn a_condition_on_several_atomics_is_waited_for() {
    let two = || {
        let both = [Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0))];
        for one in both.clone() {
            thread::spawn(move || one.store(1, SeqCst));
        }
        both
    };
    check(
        move || {
            let [a, b] = two();
            let waits = [Arc::clone(&a), Arc::clone(&b)];
            await_until(move || waits.iter().map(|one| one.load(SeqCst)).sum::<u32>() == 2);
            assert_eq!(a.load(SeqCst) + b.load(SeqCst), 2);
        },
        1,
        0,
        0,
    );
    check(
        move || {
            let waits = two();
            await_until(move || waits.iter().map(|one| one.load(SeqCst)).sum::<u32>() == 1);
        },
        // After the first alone, or after the second alone; or both came before, and it waits
        // forever.
        3,
        1,
        0,
    );
}

#[test]
fn a_condition_that_does_more_than_load_panics() {
    let refused = |condition: fn(Arc<[AtomicU32; 5]>) -> bool| {
        panic_of(move || {
            let atomics = Arc::<[AtomicU32; 5]>::default();
            let setter = Arc::clone(&atomics);
            thread::spawn(move || setter[0].store(1, SeqCst));
            await_until(move || condition(Arc::clone(&atomics)));
        })
    };
    let stores = refused(|all| all[0].swap(1, SeqCst) == 1);
    assert!(stores.contains("may only load atomics"), "{stores}");
    let locks = refused(|_| *Mutex::new(true).lock().unwrap());
    assert!(locks.contains("may only load atomics"), "{locks}");
    let many = refused(|all| all.iter().map(|one| one.load(SeqCst)).sum::<u32>() == 1);
    assert!(many.contains("at most 4 atomics"), "{many}");
    let none = refused(|_| false);
    assert!(none.contains("can never become true"), "{none}");
}

#[test]
fn a_condition_that_loads_only_sometimes_panics() {
    let message = panic_of(|| {
        let (a, b) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let setter = Arc::clone(&a);
        thread::spawn(move || setter.store(1, SeqCst));
        await_until(move || a.load(SeqCst) == 1 && b.load(SeqCst) == 0);
    });
    assert!(message.contains("must load the same atomics"), "{message}");
}

#[test]
fn a_condition_that_panics_is_a_panic_of_the_task_that_waits() {
    let ending = first_bad(|| {
        let atomic = Arc::new(AtomicU32::new(0));
        let waits = Arc::clone(&atomic);
        let task = move || await_until(move || 10 / (2 - waits.load(SeqCst)) == 10);
        thread::Builder::new().name("divides".to_owned()).spawn(task).unwrap();
        atomic.store(2, SeqCst);
    });
    let Ending::Panic { task, report } = ending else { panic!("{ending:?}") };
    assert_eq!((task.as_str(), report.message.as_str()), ("divides", "attempt to divide by zero"));
}
