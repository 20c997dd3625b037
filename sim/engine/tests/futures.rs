//! Futures: our own, tokio's and those of the futures crate. Counts are computed by hand.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::{Arc, Mutex as StdMutex};
use std::task::{Poll, Waker};

use selvedge_engine::object::Cell;
use selvedge_engine::{Ending, Explorer, Report, future, opaque, thread};

/// Explores all of `program`. Returns the report and the results of complete executions.
fn explore<T: Ord + Send + 'static>(program: impl Fn() -> T + 'static) -> (Report, BTreeSet<T>) {
    let seen = Arc::new(StdMutex::new(BTreeSet::new()));
    let own = Arc::clone(&seen);
    let report = Explorer::optimal().run(move || {
        let outcome = program();
        own.lock().unwrap().insert(outcome);
    });
    assert!(report.is_complete(), "{report:?}");
    assert_eq!((report.panics, report.redundant), (0, 0));
    (report, std::mem::take(&mut *seen.lock().unwrap()))
}

/// A flag that futures wait for, built from this crate's objects only. The waker is stored in the
/// event that finds the flag clear, and taken in the event that sets it.
#[derive(Default)]
struct Flag {
    raised: Cell<bool>,
    waker: StdMutex<Option<Waker>>,
}

impl Flag {
    fn raise(&self) {
        self.raised.set(true);
        let waker = self.waker.lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    async fn wait(&self) {
        poll_fn(|context| {
            if self.raised.get() {
                return Poll::Ready(());
            }
            *self.waker.lock().unwrap() = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

#[test]
fn a_future_waits_for_its_waker() {
    let (report, _) = explore(|| {
        let flag = Arc::new(Flag::default());
        let raises = Arc::clone(&flag);
        thread::spawn(move || raises.raise());
        future::block_on_instrumented(flag.wait());
    });
    // Set before the poll, or after it.
    assert_eq!((report.executions, report.deadlocks), (2, 0));
}

#[test]
fn a_wakeup_that_is_never_sent_is_a_deadlock() {
    let (report, _) = explore(|| {
        let flag = Arc::new(Flag::default());
        let raises = Arc::clone(&flag);
        thread::spawn(move || raises.raised.set(true));
        future::block_on_instrumented(flag.wait());
    });
    assert_eq!((report.executions, report.deadlocks), (2, 1));
}

#[test]
fn an_own_future_is_also_explored_as_a_foreign_one() {
    let (report, _) = explore(|| {
        let flag = Arc::new(Flag::default());
        let raises = Arc::clone(&flag);
        let task = future::spawn(async move { raises.raise() });
        future::block_on(flag.wait());
        future::block_on(task).unwrap();
    });
    assert!(report.executions > 2);
    assert_eq!(report.deadlocks, 0);
}

#[test]
fn a_spawned_future_returns_its_result() {
    let (_, seen) = explore(|| {
        let task = future::spawn_instrumented(async { "value" });
        future::block_on_instrumented(task).unwrap()
    });
    assert_eq!(seen, BTreeSet::from(["value"]));
}

#[test]
fn the_joining_task_receives_the_panic_of_a_spawned_future() {
    let (_, seen) = explore(|| {
        let task = future::spawn(async { panic!("too hot") });
        let payload = future::block_on(task).unwrap_err();
        *payload.downcast::<&str>().unwrap()
    });
    assert_eq!(seen, BTreeSet::from(["too hot"]));
    let mut ending = None;
    Explorer::optimal().run_each(
        || drop(future::spawn(async { panic!("too hot") })),
        |run| {
            ending = Some(run.ending().clone());
            std::ops::ControlFlow::Break(())
        },
    );
    assert!(matches!(ending, Some(Ending::Panic { report, .. }) if report.message == "too hot"));
}

#[test]
fn yielding_lets_the_other_futures_of_the_task_run() {
    let (report, seen) = explore(|| {
        let log = StdMutex::new(Vec::new());
        let side = async |name: char| {
            log.lock().unwrap().push(name);
            future::yield_now().await;
            log.lock().unwrap().push(name);
        };
        future::block_on_instrumented(async { futures::join!(side('a'), side('b')) });
        log.into_inner().unwrap()
    });
    assert_eq!(seen, BTreeSet::from([vec!['a', 'b', 'a', 'b']]));
    assert_eq!(report.executions, 1);
}

#[test]
fn tokio_oneshot_is_sent_before_or_after_the_first_poll() {
    use tokio::sync::oneshot;
    let (report, seen) = explore(|| {
        let (sender, receiver) = oneshot::channel();
        let task = future::spawn(async move { sender.send(1).unwrap() });
        let received = future::block_on(receiver);
        future::block_on(task).unwrap();
        received.ok()
    });
    assert_eq!((report.deadlocks, seen), (0, BTreeSet::from([Some(1)])));
}

#[test]
fn tokio_oneshot_may_be_dropped_unsent() {
    use tokio::sync::oneshot;
    let (report, seen) = explore(|| {
        let (sender, mut receiver) = oneshot::channel::<()>();
        thread::spawn(move || {
            opaque();
            drop(sender);
        });
        opaque();
        let early = receiver.try_recv() == Err(oneshot::error::TryRecvError::Closed);
        let late = !early && future::block_on(async { receiver.await.is_err() });
        (early, late)
    });
    assert_eq!((report.deadlocks, seen), (0, BTreeSet::from([(false, true), (true, false)])));
}

#[test]
fn tokio_mpsc_keeps_the_order_of_one_sender() {
    use tokio::sync::mpsc;
    let (report, seen) = explore(|| {
        let (sender, mut receiver) = mpsc::channel(1);
        let other = sender.clone();
        future::spawn(async move {
            sender.send('a').await.unwrap();
            // The channel has room for the first: without this event, both sends are part of one
            // poll.
            opaque();
            sender.send('b').await.unwrap();
        });
        future::spawn(async move { other.send('x').await.unwrap() });
        future::block_on(async {
            let mut order = String::new();
            while let Some(item) = receiver.recv().await {
                order.push(item);
            }
            order
        })
    });
    assert_eq!(report.deadlocks, 0);
    assert_eq!(seen, BTreeSet::from(["abx", "axb", "xab"].map(str::to_owned)));
}

#[test]
fn tokio_mutex_excludes() {
    let (report, seen) = explore(|| {
        let lock = Arc::new(tokio::sync::Mutex::new(0));
        let cell = Arc::new(Cell::new(0));
        let tasks = [1, 2].map(|_| {
            let (lock, cell) = (Arc::clone(&lock), Arc::clone(&cell));
            future::spawn(async move {
                let mut value = lock.lock().await;
                *value += 1;
                cell.set(cell.get() + 1);
            })
        });
        for task in tasks {
            future::block_on(task).unwrap();
        }
        let value = *future::block_on(lock.lock());
        (value, cell.get())
    });
    assert_eq!((report.deadlocks, seen), (0, BTreeSet::from([(2, 2)])));
}

#[test]
fn tokio_locks_in_opposite_orders_deadlock() {
    let (report, _) = explore(|| {
        let locks = Arc::new([(); 2].map(tokio::sync::Mutex::new));
        let tasks = [(0, 1), (1, 0)].map(|(first, second)| {
            let locks = Arc::clone(&locks);
            // The task is polled again between the two locks, because only separate polls can
            // interleave.
            future::spawn(async move {
                let _first = locks[first].lock().await;
                future::yield_now().await;
                let _second = locks[second].lock().await;
            })
        });
        for task in tasks {
            future::block_on(task).unwrap();
        }
    });
    assert!(report.deadlocks > 0 && report.deadlocks < report.executions, "{report:?}");
}

#[test]
fn tokio_notify_of_one_wakes_one() {
    let (report, seen) = explore(|| {
        let notify = Arc::new(tokio::sync::Notify::new());
        let notifies = Arc::clone(&notify);
        future::spawn(async move { notifies.notify_one() });
        future::block_on(notify.notified());
    });
    assert_eq!((report.deadlocks, seen.len()), (0, 1));
}

#[test]
fn futures_channels_wake_under_a_lock_of_their_own() {
    // The receiver wakes a bounded sender while it holds a lock that the sender needs next.
    use futures::channel::mpsc;
    use futures::{SinkExt, StreamExt};
    let (report, seen) = explore(|| {
        let (mut sender, mut receiver) = mpsc::channel(0);
        future::spawn(async move {
            for item in [1, 2, 3] {
                sender.send(item).await.unwrap();
            }
        });
        let mut items = Vec::new();
        while let Some(item) = future::block_on(receiver.next()) {
            items.push(item);
        }
        items
    });
    assert_eq!((report.deadlocks, seen), (0, BTreeSet::from([vec![1, 2, 3]])));
}

#[test]
fn futures_select_takes_any_ready_future() {
    use futures::FutureExt;
    let (report, seen) = explore(|| {
        let flags = [Arc::new(Flag::default()), Arc::new(Flag::default())];
        for flag in flags.clone() {
            thread::spawn(move || flag.raise());
        }
        let [a, b] = flags;
        future::block_on_instrumented(async {
            let (first, second) = (a.wait().fuse(), b.wait().fuse());
            futures::pin_mut!(first, second);
            futures::select_biased! { () = first => 'a', () = second => 'b' }
        })
    });
    assert_eq!((report.deadlocks, seen), (0, BTreeSet::from(['a', 'b'])));
}
