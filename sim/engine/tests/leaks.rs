//! No objects, task bodies or stacks are leaked by an exploration, including its deadlocks, panics,
//! aborted runs and an early stop.

use std::fs;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex as StdMutex};
use std::time::Duration;

use selvedge_engine::object::Cell;
use selvedge_engine::sync::atomic::AtomicU32;
use selvedge_engine::sync::{Mutex, RwLock};
use selvedge_engine::{Explorer, await_until, future, hint, thread, thread_local, time};

/// The number of live values.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// Serializes the tests that count.
static TURN: StdMutex<()> = StdMutex::new(());

/// A value that must be dropped.
struct Thing;

impl Thing {
    fn new() -> Self {
        ALIVE.fetch_add(1, SeqCst);
        Thing
    }
}

impl Drop for Thing {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, SeqCst);
    }
}

thread_local! {
    static OWN: Thing = Thing::new();
}

/// Explores `program`, also stopped half-way, and checks that no value is left. `ends_well`:
/// whether every run completes.
#[track_caller]
fn check(program: fn(), ends_well: bool) {
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for explorer in [
        Explorer::optimal().into_any(),
        Explorer::naive().max_executions(50).into_any(),
        Explorer::optimal().max_executions(1).into_any(),
    ] {
        let captured = Arc::new(());
        let kept = Arc::clone(&captured);
        let mut executions = 0;
        let report = explorer.max_steps(200).run_each(
            move || {
                let _kept = &kept;
                program();
            },
            |_| {
                executions += 1;
                ControlFlow::Continue(())
            },
        );
        assert!(executions > 0);
        assert_eq!(ALIVE.load(SeqCst), 0, "{report:?}");
        assert_eq!(Arc::strong_count(&captured), 1, "the body");
        let well = report.deadlocks == 0 && report.panics == 0;
        assert!(well == ends_well || report.bound.is_some(), "{report:?}");
    }
}

/// Tasks with values of every kind: captured, on the stack, returned, in objects, task-local.
fn things(last: impl Fn(&Cell<Arc<Thing>>) + Clone + Send + Sync + 'static) {
    let cell = Arc::new(Cell::new(Arc::new(Thing::new())));
    let lock = Arc::new(RwLock::new(Thing::new()));
    let tasks: Vec<_> = (0..2)
        .map(|_| {
            let (cell, lock, captured, last) =
                (Arc::clone(&cell), Arc::clone(&lock), Thing::new(), last.clone());
            thread::spawn(move || {
                let _on_the_stack = Thing::new();
                OWN.with(|_| cell.set(Arc::new(Thing::new())));
                *lock.write().unwrap() = Thing::new();
                last(&cell);
                captured
            })
        })
        .collect();
    thread::scope(|scope| {
        scope.spawn(|| OWN.with(|_| drop(cell.get())));
    });
    for task in tasks {
        drop(task.join());
    }
}

#[test]
fn complete_runs_leak_nothing() {
    check(|| things(|_| ()), true);
}

#[test]
fn deadlocks_leak_nothing() {
    check(|| things(|_| thread::park()), false);
    check(
        || {
            let _thing = Thing::new();
            let lock = Mutex::new(Thing::new());
            thread::scope(|scope| {
                let _held = lock.lock();
                let task = scope.spawn(|| drop(lock.lock()));
                drop(task.join());
            });
        },
        false,
    );
}

#[test]
fn panics_leak_nothing() {
    check(
        || {
            things(|cell| {
                let _things = [cell.get(), cell.get()];
                panic!("with {} tasks", 2);
            });
            panic!("main too");
        },
        false,
    );
    check(
        || {
            thread::spawn(|| std::panic::panic_any(Thing::new()));
        },
        false,
    );
}

#[test]
fn aborted_runs_leak_nothing() {
    check(
        || {
            things(|cell| {
                loop {
                    cell.get();
                }
            });
        },
        false,
    );
    check(
        || {
            things(|_| {
                loop {
                    hint::spin_loop();
                }
            });
        },
        false,
    );
}

#[test]
fn conditions_and_timers_leak_nothing() {
    check(
        || {
            let (atomic, thing) = (Arc::new(AtomicU32::new(0)), Arc::new(Thing::new()));
            let waits = Arc::clone(&atomic);
            thread::spawn(move || {
                await_until(move || {
                    let _captured = &thing;
                    waits.load(SeqCst) == 2
                });
            });
            atomic.store(1, SeqCst);
        },
        false,
    );
    check(
        || {
            let thing = Arc::new(Thing::new());
            let task = future::spawn(async move {
                let _on_the_stack = Thing::new();
                time::sleep(Duration::from_secs(1)).await;
                thing
            });
            drop(future::block_on(time::timeout(Duration::from_secs(1), task)));
            future::block_on(futures::future::pending::<()>());
        },
        false,
    );
}

#[test]
fn stacks_are_unmapped() {
    // The guard pages of the stacks are separate mappings.
    let mappings = || fs::read_to_string("/proc/self/maps").map_or(0, |maps| maps.lines().count());
    let explore = || {
        let report = Explorer::optimal().max_executions(20).run(|| {
            for nth in 0..30 {
                let size = if nth % 2 == 0 { 0 } else { 1 << 20 };
                thread::Builder::new().stack_size(size).spawn(thread::park).unwrap();
            }
        });
        assert_eq!(report.deadlocks, report.executions);
    };
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    explore();
    let before = mappings();
    (0..20).for_each(|_| explore());
    assert!(mappings() < before + 30, "{before} mappings, and then {}", mappings());
}
