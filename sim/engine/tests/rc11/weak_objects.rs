//! The synchronization of objects: what a lock, a key of a map or a token orders, and what it does
//! not.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Mutex as Recorded, PoisonError};
use std::time::Duration;

use selvedge_engine::object::Map;
use selvedge_engine::sync::atomic::{AtomicU32, Ordering::Relaxed};
use selvedge_engine::sync::{Arc, Condvar, Mutex, RwLock};
use selvedge_engine::{Explorer, Verdict, thread, time};

/// The results of two threads over all graphs. Each thread gets the shared state.
fn outcomes<S: Send + Sync + 'static>(
    make: impl Fn() -> S + 'static,
    one: impl Fn(&S) -> u32 + Copy + Send + 'static,
    other: impl Fn(&S) -> u32 + Copy + Send + 'static,
) -> BTreeSet<(u32, u32)> {
    let seen = std::sync::Arc::new(Recorded::new(None));
    let own = std::sync::Arc::clone(&seen);
    let mut all = BTreeSet::new();
    let report = Explorer::rc11().max_executions(10_000).run_each(
        move || {
            let shared = Arc::new(make());
            let (first, second) = (Arc::clone(&shared), Arc::clone(&shared));
            let one = thread::spawn(move || one(&first));
            let other = thread::spawn(move || other(&second));
            let result = (one.join().unwrap(), other.join().unwrap());
            *own.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        },
        |_| {
            all.extend(seen.lock().unwrap_or_else(PoisonError::into_inner).take());
            ControlFlow::Continue(())
        },
    );
    assert!(report.is_complete(), "{}", report.verdict());
    assert_eq!(report.redundant, 0);
    all
}

/// Two atomics, and an object between the accesses.
struct Words<O> {
    x: AtomicU32,
    y: AtomicU32,
    object: O,
}

impl<O> Words<O> {
    fn new(object: O) -> Self {
        Words { x: AtomicU32::new(0), y: AtomicU32::new(0), object }
    }
}

/// Whether both threads can read 0, if each writes one atomic, uses the object, and reads the other
/// atomic.
fn buffers_stores<O: Send + Sync + 'static>(
    object: impl Fn() -> O + 'static,
    first: fn(&O),
    second: fn(&O),
) -> bool {
    let all = outcomes(
        move || Words::new(object()),
        move |words| {
            words.x.store(1, Relaxed);
            first(&words.object);
            words.y.load(Relaxed)
        },
        move |words| {
            words.y.store(1, Relaxed);
            second(&words.object);
            words.x.load(Relaxed)
        },
    );
    assert!(all.contains(&(1, 1)));
    all.contains(&(0, 0))
}

#[test]
fn operations_on_one_key_order_accesses_if_one_of_them_writes() {
    let insert = |map: &Map<u32, u32>| _ = map.insert(1, 1);
    let get = |map: &Map<u32, u32>| _ = map.get(&1);
    assert!(!buffers_stores(Map::new, insert, insert));
    assert!(!buffers_stores(Map::new, insert, get));
    // Both shared locks can be held at once: neither get waits for the other.
    assert!(buffers_stores(Map::new, get, get));
}

#[test]
fn operations_on_different_keys_order_nothing() {
    let first = |map: &Map<u32, u32>| _ = map.insert(1, 1);
    let second = |map: &Map<u32, u32>| _ = map.insert(2, 2);
    assert!(buffers_stores(Map::new, first, second));
}

#[test]
fn operations_outside_memory_order_nothing() {
    let insert = |map: &Map<u32, u32>| _ = map.insert(1, 1);
    assert!(buffers_stores(|| Map::new().outside_memory(), insert, insert));
}

#[test]
fn shared_holders_of_a_lock_do_not_order_accesses() {
    let read = |lock: &RwLock<()>| drop(lock.read().unwrap());
    let write = |lock: &RwLock<()>| drop(lock.write().unwrap());
    assert!(buffers_stores(|| RwLock::new(()), read, read));
    assert!(!buffers_stores(|| RwLock::new(()), read, write));
    assert!(!buffers_stores(|| RwLock::new(()), write, write));
}

/// A failed attempt has no order in std.
#[test]
fn a_failed_try_lock_does_not_acquire() {
    let all = outcomes(
        || Words::new(Mutex::new(())),
        |words| {
            words.x.store(1, Relaxed);
            let _held = words.object.lock().unwrap();
            words.y.store(1, Relaxed);
            0
        },
        |words| match words.object.try_lock() {
            Ok(_) => 2,
            Err(_) => words.x.load(Relaxed),
        },
    );
    let seen: BTreeSet<u32> = all.into_iter().map(|(_, seen)| seen).collect();
    assert_eq!(seen, BTreeSet::from([0, 1, 2]));
}

#[test]
fn a_value_in_a_map_publishes() {
    let report = Explorer::rc11().run(|| {
        let shared = Arc::new((Map::new(), AtomicU32::new(0)));
        let other = Arc::clone(&shared);
        thread::spawn(move || {
            other.1.store(1, Relaxed);
            other.0.insert("key", ());
        });
        if shared.0.get(&"key").is_some() {
            assert_eq!(shared.1.load(Relaxed), 1);
        }
    });
    // The get comes before the insert, and then reads nothing; or after it.
    assert_eq!((report.executions, report.panics), (2, 0));
    assert!(report.is_complete(), "{}", report.verdict());
}

#[test]
fn a_locked_entry_excludes_the_operations_on_its_key() {
    let report = Explorer::rc11().run(|| {
        let map = Arc::new(Map::new());
        let all: Vec<_> = (0..3)
            .map(|_| {
                let map = Arc::clone(&map);
                thread::spawn(move || {
                    let entry = map.entry(());
                    let value = entry.get().unwrap_or(0);
                    entry.insert(value + 1);
                })
            })
            .collect();
        all.into_iter().for_each(|task| task.join().unwrap());
        assert_eq!(map.get(&()), Some(3));
    });
    assert_eq!((report.executions, report.panics, report.deadlocks), (6, 0, 0));
}

#[test]
fn a_map_that_is_also_used_as_a_whole_is_refused() {
    let verdict = Explorer::rc11()
        .run(|| {
            let map = Map::new();
            map.insert(1, 1);
            map.len();
        })
        .verdict();
    assert!(matches!(verdict, Verdict::Refused { .. }), "{verdict}");
    let message = verdict.to_string();
    assert!(message.contains("accesses all keys"), "{message}");
    // In the other order too.
    let verdict = Explorer::rc11()
        .run(|| {
            let map = Map::new();
            map.len();
            map.insert(1, 1);
        })
        .verdict();
    assert!(matches!(verdict, Verdict::Refused { .. }), "{verdict}");
}

#[test]
fn a_deadline_passes_at_each_point() {
    let report = Explorer::rc11().run(|| {
        let main = thread::current();
        let task = thread::spawn(move || main.unpark());
        thread::park_timeout(Duration::from_secs(1));
        task.join().unwrap();
    });
    assert_eq!((report.executions, report.deadlocks), (2, 0));
    assert!(report.is_complete(), "{}", report.verdict());
}

/// The end of a wait is no synchronization, and neither is the clock.
#[test]
fn a_deadline_orders_nothing() {
    let wait = |(): &()| thread::sleep(Duration::from_secs(1));
    assert!(buffers_stores(|| (), wait, wait));
}

#[test]
fn a_sleeper_reads_a_time_after_its_deadline() {
    let report = Explorer::rc11().run(|| {
        let start = time::Instant::now();
        let other = thread::spawn(|| thread::sleep(Duration::from_secs(2)));
        thread::sleep(Duration::from_secs(1));
        assert!(start.elapsed() >= Duration::from_secs(1));
        other.join().unwrap();
        assert!(start.elapsed() >= Duration::from_secs(2));
    });
    assert!(report.is_complete(), "{}", report.verdict());
    assert_eq!(report.panics, 0);
}

#[test]
fn a_condvar_with_a_timeout() {
    let report = Explorer::rc11().max_executions(10_000).run(|| {
        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let other = Arc::clone(&pair);
        thread::spawn(move || {
            *other.0.lock().unwrap() = true;
            other.1.notify_one();
        });
        let ready = pair.0.lock().unwrap();
        let (ready, result) = pair.1.wait_timeout(ready, Duration::from_secs(1)).unwrap();
        assert!(*ready || result.timed_out());
    });
    assert!(report.is_complete(), "{}", report.verdict());
    assert_eq!((report.panics, report.redundant), (0, 0));
}
