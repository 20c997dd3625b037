//! Programs that share state without the engine's objects are not reported as complete.

use std::cell::Cell as StdCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32 as StdAtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex as StdMutex};
use std::time::Duration;

use selvedge_engine::object::{Cell, Map, Object};
use selvedge_engine::sync::atomic::{AtomicU32, Ordering::SeqCst};
use selvedge_engine::sync::{Barrier, Condvar, Mutex, Once, RwLock, mpsc};
use selvedge_engine::{Bound, Explorer, Verdict, future, thread};

/// A cache-aside whose local value is behind a lock of tokio: two tasks read, and one writes. With
/// `instrumented`, each operation runs as if it shared no other state.
fn cache(instrumented: bool) -> impl Fn() + 'static {
    #[derive(Default)]
    struct Cache {
        local: tokio::sync::RwLock<Option<u64>>,
        remote: Cell<u64>,
    }
    async fn get(cache: Arc<Cache>) -> u64 {
        if let Some(value) = *cache.local.read().await {
            return value;
        }
        let value = cache.remote.get();
        *cache.local.write().await = Some(value);
        value
    }
    async fn set(cache: Arc<Cache>) {
        cache.remote.set(1);
        *cache.local.write().await = None;
    }
    move || {
        let cache = Arc::new(Cache::default());
        for task in 0..3 {
            let cache = Arc::clone(&cache);
            thread::spawn(move || match (instrumented, task) {
                (true, 2) => future::block_on_instrumented(set(cache)),
                (true, _) => drop(future::block_on_instrumented(async { get(cache).await.to_string() })),
                (false, 2) => future::block_on(set(cache)),
                (false, _) => drop(future::block_on(async { get(cache).await.to_string() })),
            });
        }
    }
}

#[test]
fn a_lock_of_another_crate_in_an_instrumented_future_is_found() {
    let full = Explorer::optimal().run(cache(false));
    assert!(full.is_complete(), "{full:?}");
    for explorer in
        [Explorer::optimal().into_any(), Explorer::naive().into_any(), Explorer::stateful().into_any()]
    {
        let report = explorer.run(cache(true));
        assert!(matches!(report.bound, Some(Bound::Unseen(_))), "{report:?}");
        assert!(report.executions < full.executions);
        let verdict = report.verdict().to_string();
        assert!(verdict.starts_with("bounded: nothing went wrong in "), "{verdict}");
        assert!(verdict.contains("sim/engine/tests/unseen.rs:"), "{verdict}");
        assert!(verdict.contains("block_on"), "{verdict}");
    }
    let shared = Explorer::optimal().jobs(3).sharing_always().run(cache(true));
    assert!(matches!(shared.bound, Some(Bound::Unseen(_))), "{shared:?}");
}

/// The first operation is an event, and the code after it accesses an atomic of std.
#[test]
fn state_accessed_after_commuting_operations_is_found() {
    let report = Explorer::optimal().run(|| {
        let (seen, count) = (Arc::new(Cell::new(0)), Arc::new(StdAtomicU32::new(0)));
        let others: Vec<_> = (0..2).map(|_| Arc::new(Cell::new(0))).collect();
        for other in others {
            let (seen, count) = (Arc::clone(&seen), Arc::clone(&count));
            thread::spawn(move || {
                future::block_on_instrumented(async {
                    seen.get();
                    let nth = count.fetch_add(1, Relaxed);
                    other.set(u64::from(nth));
                });
                // The second task performs one operation more.
                if count.load(Relaxed) == 2 {
                    other.get();
                }
            });
        }
    });
    assert!(matches!(report.bound, Some(Bound::Unseen(_))), "{report:?}");
}

/// A deadlock of another crate's semaphore, which the reduced search does not reach: it never holds
/// the permit across an operation.
#[test]
fn a_failure_outside_the_reduced_search_is_found() {
    let report = Explorer::optimal().run(|| {
        let flag = Arc::new(StdAtomicU32::new(0));
        let own = Arc::clone(&flag);
        thread::spawn(move || future::block_on_instrumented(async move { own.store(1, Relaxed) }));
        let x = Cell::new(0);
        x.set(1);
        future::block_on_instrumented(async { assert_eq!(flag.load(Relaxed), 1) });
    });
    assert!(matches!(report.bound, Some(Bound::Unseen(_))), "{report:?}");
}

#[test]
fn instrumented_futures_are_complete() {
    let explorers =
        [Explorer::optimal().into_any(), Explorer::naive().into_any(), Explorer::stateful().into_any()];
    for explorer in explorers {
        let report = explorer.run(|| {
            let (x, sum) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(0)));
            let tasks: Vec<_> = (0..2)
                .map(|own| {
                    let (x, sum) = (Arc::clone(&x), Arc::clone(&sum));
                    future::spawn_instrumented(async move {
                        let seen = x.fetch_add(own, SeqCst);
                        future::yield_now().await;
                        *sum.lock().unwrap() += seen;
                        selvedge_engine::time::sleep(Duration::from_secs(u64::from(own) + 1)).await;
                        seen
                    })
                })
                .collect();
            for task in tasks {
                future::block_on_instrumented(task).unwrap();
            }
        });
        assert_eq!(report.verdict(), Verdict::Complete { executions: report.executions }, "{report:?}");
    }
}

/// A listing of a map commutes with the lock of one of its keys, and does not depend on it.
#[test]
fn a_listing_while_a_key_is_locked_is_not_shared_state() {
    let report = Explorer::stateful().run(|| {
        let (map, seen) = (Arc::new(Map::new()), Arc::new(AtomicU32::new(0)));
        let (listed, length) = (Arc::clone(&map), Arc::clone(&seen));
        thread::spawn(move || {
            future::block_on_instrumented(async { seen.load(SeqCst) });
            let entry = map.entry(0);
            seen.load(SeqCst);
            entry.insert(1);
        });
        thread::spawn(move || length.store(listed.len() as u32, SeqCst));
    });
    assert!(report.is_complete(), "{report:?}");
}

/// The report of a search that an OS thread interferes with.
fn foreign_use(body: impl Fn() + 'static) -> String {
    let report = Explorer::optimal().run(body);
    match report.verdict() {
        Verdict::Nondeterministic { difference } => difference,
        verdict => panic!("{verdict}"),
    }
}

/// Runs `act` on an OS thread, to its end.
fn on_a_real_thread(act: impl FnOnce() + Send + 'static) {
    let real = std::thread::Builder::new().name("real".to_owned());
    // The OS thread panics, which is all that the engine can report there.
    drop(real.spawn(act).unwrap().join());
}

#[test]
fn a_real_thread_that_uses_an_object_of_any_kind_is_reported() {
    fn shared<T: Send + Sync + 'static>(make: fn() -> T, act: fn(&T)) -> String {
        foreign_use(move || {
            let object = Arc::new(make());
            let other = Arc::clone(&object);
            on_a_real_thread(move || act(&other));
        })
    }
    let texts = [
        shared(
            || AtomicU32::new(0),
            |it| {
                it.load(SeqCst);
            },
        ),
        shared(|| AtomicU32::new(0), |it| it.store(1, SeqCst)),
        shared(|| Mutex::new(0), |it| *it.lock().unwrap() += 1),
        shared(|| RwLock::new(0), |it| drop(it.read())),
        shared(Condvar::new, Condvar::notify_all),
        shared(
            || Barrier::new(1),
            |it| {
                it.wait();
            },
        ),
        shared(Once::new, |it| it.call_once(|| ())),
        shared(|| Cell::new(0), |it| it.set(1)),
        shared(Map::<u8, u8>::new, |it| _ = it.insert(1, 1)),
        shared(|| Object::new(0), |it| it.write(1, |value| *value = 1)),
        shared(|| mpsc::channel::<u8>().0, |it| _ = it.send(1)),
        shared(thread::current, thread::Thread::unpark),
    ];
    for text in texts {
        assert!(text.contains("an OS thread that the engine does not schedule (`real`)"), "{text}");
        assert!(text.contains("thread::spawn"), "{text}");
    }
    let text = shared(|| AtomicU32::new(0), |it| it.store(1, SeqCst));
    assert!(text.contains(", at sim/engine/tests/unseen.rs:"), "{text}");
}

#[test]
fn a_waker_that_is_called_on_a_real_thread_is_reported() {
    let text = foreign_use(|| {
        let wakers = Arc::new(StdMutex::new(Vec::new()));
        let kept = Arc::clone(&wakers);
        let once = StdCell::new(false);
        future::block_on(std::future::poll_fn(move |context| {
            if once.replace(true) {
                return std::task::Poll::Ready(());
            }
            kept.lock().unwrap().push(context.waker().clone());
            let wakers = Arc::clone(&kept);
            on_a_real_thread(move || wakers.lock().unwrap().drain(..).for_each(std::task::Waker::wake));
            std::task::Poll::Pending
        }));
    });
    assert!(text.contains("an OS thread that the engine does not schedule"), "{text}");
}

/// After an exploration, and between its runs, its objects behave like std's.
#[test]
fn using_an_object_after_its_run_is_allowed() {
    let left = Rc::new(std::cell::RefCell::new(None));
    let kept = Rc::clone(&left);
    let seen = Rc::clone(&left);
    let report = Explorer::optimal().run_each(
        move || {
            let x = Arc::new(AtomicU32::new(0));
            let y = Arc::clone(&x);
            thread::spawn(move || y.store(1, SeqCst));
            x.load(SeqCst);
            *kept.borrow_mut() = Some(x);
        },
        move |_| {
            assert_eq!(seen.borrow().as_ref().map(|x| x.load(SeqCst)), Some(1));
            std::ops::ControlFlow::Continue(())
        },
    );
    assert!(report.is_complete(), "{report:?}");
    let x = left.take().unwrap();
    assert_eq!(std::thread::spawn(move || x.load(SeqCst)).join().unwrap(), 1);
}
