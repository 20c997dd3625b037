//! Data races on plain data, and the publication of plain data by atomics.

use selvedge_engine::cell::UnsafeCell;
use selvedge_engine::sync::atomic::{AtomicU32, Ordering, fence};
use selvedge_engine::sync::{Arc, Mutex};
use selvedge_engine::{Explorer, Verdict, thread};

/// One task writes data and sets a flag, another reads the data if it sees the flag.
fn publication(
    store: Ordering,
    load: Ordering,
    before: Option<Ordering>,
    after: Option<Ordering>,
) -> impl Fn() + 'static {
    move || {
        let shared = Arc::new((UnsafeCell::named("data", 0), AtomicU32::new(0)));
        let other = Arc::clone(&shared);
        let writer = thread::spawn(move || {
            other.0.set(1);
            if let Some(order) = before {
                fence(order);
            }
            other.1.store(1, store);
        });
        if shared.1.load(load) == 1 {
            if let Some(order) = after {
                fence(order);
            }
            assert_eq!(shared.0.get(), 1);
        }
        writer.join().unwrap();
    }
}

fn race(program: impl Fn() + 'static) -> Option<String> {
    match Explorer::rc11().run(program).verdict() {
        Verdict::Complete { .. } => None,
        Verdict::Panic { report, .. } => Some(report.message),
        other => panic!("{other}"),
    }
}

#[test]
fn release_and_acquire_publish_plain_data() {
    use Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
    assert_eq!(race(publication(Release, Acquire, None, None)), None);
    assert_eq!(race(publication(SeqCst, SeqCst, None, None)), None);
    assert_eq!(race(publication(Relaxed, Acquire, Some(Release), None)), None);
    assert_eq!(race(publication(Release, Relaxed, None, Some(Acquire))), None);
    assert_eq!(race(publication(Relaxed, Relaxed, Some(AcqRel), Some(SeqCst))), None);
    for racy in [
        publication(Relaxed, Acquire, None, None),
        publication(Release, Relaxed, None, None),
        publication(Relaxed, Relaxed, Some(Acquire), Some(Acquire)),
        publication(Relaxed, Relaxed, Some(Release), Some(Release)),
    ] {
        let message = race(racy).expect("a data race");
        assert!(message.starts_with("data race on data: task 1 writes it at"), "{message}");
        assert!(message.contains("main reads it at"), "{message}");
        assert!(message.ends_with("nothing orders the two"), "{message}");
    }
}

#[test]
fn a_lock_protects_plain_data() {
    let program = |locks: bool| {
        move || {
            let shared = Arc::new((UnsafeCell::new(0), Mutex::new(())));
            let add = move |shared: &(UnsafeCell<u32>, Mutex<()>)| {
                let _guard = locks.then(|| shared.1.lock().unwrap());
                shared.0.with_mut(|value| *value += 1);
            };
            let other = Arc::clone(&shared);
            let task = thread::spawn(move || add(&other));
            add(&shared);
            task.join().unwrap();
            assert_eq!(shared.0.get(), 2);
        }
    };
    let report = Explorer::rc11().run(program(true));
    assert!(report.is_complete(), "{}", report.verdict());
    assert_eq!((report.executions, report.panics, report.redundant), (2, 0, 0));
    assert!(race(program(false)).is_some());
}

#[test]
fn reads_of_plain_data_do_not_race() {
    let report = Explorer::rc11().run(|| {
        let shared = Arc::new(UnsafeCell::new(1));
        let other = Arc::clone(&shared);
        let task = thread::spawn(move || other.get());
        assert_eq!(shared.get(), task.join().unwrap());
    });
    assert!(report.is_complete(), "{}", report.verdict());
    assert_eq!((report.executions, report.panics), (1, 0));
}
