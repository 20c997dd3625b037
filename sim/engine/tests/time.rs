//! Virtual time. Counts are computed by hand.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex as StdMutex};
use std::time::Duration;

use selvedge_engine::object::Cell;
use selvedge_engine::time::Instant;
use selvedge_engine::{Explorer, future, opaque, thread, time};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Explores all of `program`. Returns the number of executions and their results.
fn outcomes<T: Ord + Send + 'static>(program: impl Fn() -> T + 'static) -> (u64, BTreeSet<T>) {
    let seen = Arc::new(StdMutex::new(BTreeSet::new()));
    let own = Arc::clone(&seen);
    let report = Explorer::optimal().run(move || {
        let outcome = program();
        own.lock().unwrap().insert(outcome);
    });
    assert!(report.is_complete(), "{report:?}");
    assert_eq!((report.panics, report.deadlocks, report.redundant), (0, 0, 0));
    (report.executions, std::mem::take(&mut *seen.lock().unwrap()))
}

#[test]
fn only_sleeping_advances_the_clock() {
    let (executions, elapsed) = outcomes(|| {
        let start = Instant::now();
        assert_eq!(start.elapsed(), Duration::ZERO);
        thread::sleep(secs(3));
        thread::sleep(Duration::ZERO);
        thread::park_timeout(secs(4));
        start.elapsed()
    });
    assert_eq!((executions, elapsed), (1, BTreeSet::from([secs(7)])));
}

#[test]
fn sleeps_end_in_any_order_and_the_clock_is_monotonic() {
    let (executions, seen) = outcomes(|| {
        let start = Instant::now();
        let sleeper = |time| {
            move || {
                thread::sleep(secs(time));
                start.elapsed().as_secs()
            }
        };
        let short = thread::spawn(sleeper(1));
        let long = thread::spawn(sleeper(2));
        (short.join().unwrap(), long.join().unwrap())
    });
    // Each task wakes up and then reads the clock. The read of the short one may come after the
    // long one has woken up.
    assert_eq!(seen, BTreeSet::from([(1, 2), (2, 2)]));
    assert_eq!(executions, 3);
}

#[test]
fn a_deadline_counts_from_the_observed_time() {
    let (_, seen) = outcomes(|| {
        let start = Instant::now();
        let passed = Arc::new(Cell::new(false));
        let setter = Arc::clone(&passed);
        let task = thread::spawn(move || {
            thread::sleep(secs(10));
            setter.set(true);
        });
        let has_passed = passed.get();
        thread::sleep(secs(1));
        let waited = start.elapsed().as_secs();
        task.join().unwrap();
        (has_passed, waited)
    });
    // Informed that ten seconds have passed, it sleeps until the eleventh. Otherwise it may observe
    // them or not.
    assert_eq!(seen, BTreeSet::from([(false, 1), (false, 10), (true, 11)]));
}

#[test]
fn tasks_that_do_not_read_the_clock_are_ordered_by_its_advances() {
    let sleepers = |n: u64| {
        outcomes(move || {
            for _ in 0..n {
                thread::spawn(|| thread::sleep(secs(1)));
            }
        })
        .0
    };
    // Which of them advanced the clock: the others find it there.
    assert_eq!([1, 2, 3, 5].map(sleepers), [1, 2, 3, 5]);
}

#[test]
fn the_locations_of_a_wait_may_depend_on_the_order() {
    // If it is unparked, the task does not read the clock, and commutes with the sleeper; otherwise
    // it advances the clock.
    let (executions, _) = outcomes(|| {
        let waiter = thread::spawn(|| thread::park_timeout(secs(1)));
        let sleeper = thread::spawn(|| thread::sleep(secs(1)));
        waiter.thread().unpark();
        opaque();
        waiter.join().unwrap();
        sleeper.join().unwrap();
    });
    // Unparked first: the waiter and the sleeper are each before or after the opaque event. Else
    // the waiter resumes first, and the sleeper before it, after it or after the opaque event.
    assert_eq!(executions, 4 + 3);
}

#[test]
fn instants_are_stds() {
    let (_, seen) = outcomes(|| {
        let start = Instant::now();
        let later = start + secs(5);
        assert_eq!((later - start, start - later), (secs(5), Duration::ZERO));
        assert_eq!(start.checked_duration_since(later), None);
        assert_eq!(later.checked_duration_since(start), Some(secs(5)));
        assert_eq!(later.saturating_duration_since(start), secs(5));
        assert_eq!(later - secs(2), start + secs(3));
        assert_eq!(start.checked_sub(secs(1_000_000)), None);
        let mut moved = start;
        moved += secs(2);
        moved -= secs(1);
        assert!(start < moved && moved < later);
    });
    assert_eq!(seen.len(), 1);
    // Outside an exploration it is the real clock.
    let start = Instant::now();
    thread::sleep(Duration::from_millis(2));
    assert!(start.elapsed() >= Duration::from_millis(2));
}

#[test]
fn futures_sleep_side_by_side() {
    let (executions, seen) = outcomes(|| {
        let start = Instant::now();
        future::block_on_instrumented(async {
            futures::join!(time::sleep(secs(2)), time::sleep(secs(3)));
        });
        start.elapsed().as_secs()
    });
    assert_eq!((executions, seen), (1, BTreeSet::from([3])));
}

#[test]
fn the_earliest_of_several_sleeps_wins() {
    let (executions, seen) = outcomes(|| {
        future::block_on_instrumented(async {
            let (long, short) = (time::sleep(secs(3)), time::sleep(secs(2)));
            match futures::future::select(long, short).await {
                futures::future::Either::Left(_) => "long",
                futures::future::Either::Right(_) => "short",
            }
        })
    });
    assert_eq!((executions, seen), (1, BTreeSet::from(["short"])));
}

#[test]
fn a_sleep_inside_others_wakers_is_woken() {
    // `FuturesUnordered` polls a future only if the waker that it passed to the future was called.
    use futures::stream::{FuturesUnordered, StreamExt};
    let (_, seen) = outcomes(|| {
        future::block_on_instrumented(async {
            let mut sleeps: FuturesUnordered<_> = [3, 1, 2]
                .into_iter()
                .map(|time| async move {
                    time::sleep(secs(time)).await;
                    time
                })
                .collect();
            let mut order = Vec::new();
            while let Some(time) = sleeps.next().await {
                order.push(time);
            }
            order
        })
    });
    assert_eq!(seen, BTreeSet::from([vec![1, 2, 3]]));
}

#[test]
fn a_timeout_can_end_before_and_after_its_future() {
    let (_, seen) = outcomes(|| {
        let start = Instant::now();
        let task = future::spawn_instrumented(async {
            time::sleep(secs(1)).await;
            "done"
        });
        let result = future::block_on_instrumented(time::timeout(secs(5), task));
        (result.map(Result::unwrap).ok(), start.elapsed().as_secs())
    });
    assert_eq!(seen, BTreeSet::from([(None, 5), (Some("done"), 1), (Some("done"), 5)]));
}

#[test]
fn a_timeout_of_a_pending_future_is_no_deadlock() {
    let (executions, seen) =
        outcomes(|| future::block_on(time::timeout(secs(1), futures::future::pending::<()>())).is_err());
    assert_eq!((executions, seen), (1, BTreeSet::from([true])));
}
