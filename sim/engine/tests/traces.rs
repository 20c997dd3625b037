//! The complete reports of failed checks, as snapshots.

use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe};

use selvedge_engine::object::{Cell, Counter, Map, Object, Queue, Set};
use selvedge_engine::sync::atomic::{AtomicBool, AtomicI8, AtomicU32, Ordering::SeqCst};
use selvedge_engine::sync::{Arc, Mutex, OnceLock, RwLock, mpsc};
use selvedge_engine::{Explorer, choose, mode::SearchMode, opaque, thread};

fn lost_update() {
    let counter = Arc::new(AtomicU32::named("counter", 0));
    let tasks: Vec<_> = (0..2)
        .map(|_| {
            let counter = Arc::clone(&counter);
            thread::spawn(move || {
                let seen = counter.load(SeqCst);
                counter.store(seen + 1, SeqCst);
            })
        })
        .collect();
    tasks.into_iter().for_each(|task| task.join().unwrap());
    assert_eq!(counter.load(SeqCst), 2, "an update was lost");
}

fn crossed_locks() {
    let (left, right) = (Arc::new(Mutex::named("left", ())), Arc::new(Mutex::named("right", ())));
    let (own_left, own_right) = (Arc::clone(&left), Arc::clone(&right));
    let mirror = thread::Builder::new().name("mirror".to_owned()).spawn(move || {
        let _right = own_right.lock();
        let _left = own_left.lock();
    });
    let left = left.lock();
    let right = right.lock();
    drop((left, right));
    mirror.unwrap().join().unwrap();
}

/// Each kind of line that a trace can have.
fn everything() {
    let flags = Arc::new([AtomicBool::new(false), AtomicBool::new(true)]);
    let (lock, small) = (Arc::new(Mutex::new(())), Arc::new(AtomicI8::named("small", -1)));
    let config = Arc::new(RwLock::named("a name that is too long for its column", 0));
    let map = Arc::new(Map::named("L1"));
    let hits = Arc::new(Counter::named("hits", -2));
    let shared = (Arc::clone(&flags), Arc::clone(&lock), Arc::clone(&config), Arc::clone(&map));
    let name = "a task with a name that is too long".to_owned();
    let task = thread::Builder::new().name(name).spawn(move || {
        let (flags, lock, config, map) = shared;
        let held = lock.lock().unwrap();
        flags[1].wait_until(|it| !it);
        drop(held);
        drop(config.read());
        map.insert("x", 1);
        map.insert("y", 2);
    });
    let _ = flags[0].compare_exchange(true, false, SeqCst, SeqCst);
    let _ = flags[0].compare_exchange(false, true, SeqCst, SeqCst);
    drop(lock.try_lock());
    flags[1].store(false, SeqCst);
    small.fetch_sub(1, SeqCst);
    drop(lock.lock());
    hits.add(3);
    *config.write().unwrap() += choose(2);
    opaque();
    map.get(&"y");
    task.unwrap().join().unwrap();
    map.get(&"x");
    panic!("this is how it ends");
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// The message of the failed check.
fn story(explorer: &Explorer<impl SearchMode>, body: fn()) -> String {
    let payload =
        panic::catch_unwind(AssertUnwindSafe(|| explorer.check(body))).expect_err("the check fails");
    *payload.downcast().expect("a text")
}

#[test]
fn a_lost_update_has_five_steps() {
    snapshot("engine-lost-update", &story(&Explorer::optimal(), lost_update));
}

#[test]
fn a_deadlock_trace_ends_where_all_tasks_wait() {
    snapshot("engine-deadlock", &story(&Explorer::optimal(), crossed_locks));
}

#[test]
fn a_random_search_reports_its_seed() {
    snapshot("engine-random", &story(&Explorer::random(42, 100), lost_update));
}

#[test]
fn each_kind_of_line_fits_into_100_columns() {
    let text = story(&Explorer::random(3, 1_000), everything);
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    snapshot("engine-everything", &text);
}

#[test]
fn a_run_that_was_not_recorded_has_no_trace() {
    let traces = |recording: bool| {
        let mut traces = Vec::new();
        Explorer::optimal().recording(recording).run_each(lost_update, |run| {
            traces.push(run.trace().map(|trace| (trace.steps.len(), trace.schedule == run.schedule())));
            ControlFlow::Continue(())
        });
        traces
    };
    assert_eq!(traces(false), [None; 4]);
    // Also when a prefix is repeated.
    assert_eq!(traces(true), [Some((5, true)); 4]);
}

#[test]
fn unnamed_objects_are_named_after_their_variables() {
    let mut objects = Vec::new();
    let mut explorer = Explorer::optimal();
    explorer = explorer.recording(true);
    explorer.run_each(
        || {
            let an_atomic = AtomicU32::new(0);
            let a_mutex = Arc::new(Mutex::new(()));
            let a_rwlock: RwLock<u32> = RwLock::default();
            let (a_map, a_named_map) = (Map::new(), Map::named("a named map"));
            let sets = [Set::new(), Set::new()];
            let a_queue = Queue::new();
            let a_cell = Cell::new(0);
            let a_counter = Counter::new(0);
            let an_object = Object::new(0);
            let a_once = OnceLock::new();
            let (sender, _receiver) = mpsc::channel();
            an_atomic.store(1, SeqCst);
            drop(a_mutex.lock());
            drop(a_rwlock.read());
            a_map.insert(0, 0);
            a_named_map.insert(0, 0);
            sets[1].insert(0);
            a_queue.push(0);
            a_cell.set(0);
            a_counter.add(1);
            an_object.write(0, |value| *value += 1);
            let _ = a_once.set(0);
            let _ = sender.send(0);
        },
        |run| {
            let steps = run.trace().expect("the run was recorded").steps;
            objects = steps.into_iter().filter_map(|step| step.object).collect();
            objects.dedup();
            ControlFlow::Continue(())
        },
    );
    let expected = "an_atomic a_mutex a_rwlock map[1] named map[1] sets[1] a_queue a_cell a_counter \
                    an_object[1] a_once channel 1 channel 1[1] channel 3 channel 2";
    assert_eq!(objects.join(" "), expected);
}
