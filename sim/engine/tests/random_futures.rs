//! Random programs of futures that wait for one another and for the clock, with this crate's
//! objects only and with tokio's.

mod agreement;
mod many;
mod naive;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex as StdMutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use naive::{Seen, hold, hold_graphs, hold_states};
use proptest::prelude::*;
use selvedge_engine::object::Cell;
use selvedge_engine::{future, time};
use tokio::sync::{Notify, Semaphore};

/// An operation of a random program. The first number is the object.
#[derive(Clone, Copy, Debug)]
enum Op {
    Read(usize),
    Write(usize),
    Raise(usize),
    Wait(usize),
    WaitAtMost(usize, u64),
    WaitForBoth,
    WaitForEither,
    Sleep(u64),
    Now,
    Yield,
    /// Operations of tokio. They are explored correctly only if each poll is opaque.
    NotifyOne,
    Notified,
    NotifiedAtMost(u64),
    Acquire,
}

const OBJECTS: usize = 2;

fn own() -> impl Strategy<Value = Op> {
    let object = 0..OBJECTS;
    prop_oneof![
        2 => object.clone().prop_map(Op::Read),
        2 => object.clone().prop_map(Op::Write),
        4 => object.clone().prop_map(Op::Raise),
        2 => object.clone().prop_map(Op::Wait),
        3 => (object, 1..3u64).prop_map(|(a, time)| Op::WaitAtMost(a, time)),
        1 => Just(Op::WaitForBoth),
        1 => Just(Op::WaitForEither),
        2 => (1..3u64).prop_map(Op::Sleep),
        1 => Just(Op::Now),
        1 => Just(Op::Yield),
    ]
}

fn any() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => own(),
        3 => Just(Op::NotifyOne),
        2 => Just(Op::Notified),
        1 => (1..3u64).prop_map(Op::NotifiedAtMost),
        2 => Just(Op::Acquire),
    ]
}

/// Futures with their operations. The first runs on the main task, which spawns the others and
/// joins them.
fn program(op: impl Strategy<Value = Op> + Clone) -> impl Strategy<Value = Vec<Vec<Op>>> {
    prop_oneof![
        proptest::collection::vec(proptest::collection::vec(op.clone(), 1..=3), 2..=2),
        proptest::collection::vec(proptest::collection::vec(op, 1..=1), 3..=3),
    ]
}

/// A flag that futures wait for, built from this crate's objects only. Reads of it commute, so they
/// must not reveal the order of the wakers.
#[derive(Default)]
struct Flag {
    raised: Cell<bool>,
    wakers: StdMutex<BTreeMap<usize, Waker>>,
}

impl Flag {
    fn raise(&self) {
        self.raised.set(true);
        let wakers = std::mem::take(&mut *self.wakers.lock().unwrap());
        wakers.into_values().for_each(Waker::wake);
    }

    async fn wait(&self, me: usize) {
        poll_fn(|context| {
            if self.raised.get() {
                return Poll::Ready(());
            }
            self.wakers.lock().unwrap().insert(me, context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

struct Shared {
    cells: [Cell<u64>; OBJECTS],
    flags: [Flag; OBJECTS],
    notify: Notify,
    permits: Semaphore,
    start: time::Instant,
}

async fn run(me: usize, ops: Vec<Op>, shared: Arc<Shared>, seen: Seen) {
    let own = me as u64 + 1;
    let see = |value: u64| seen.note(me, value);
    let [a, b] = &shared.flags;
    for op in ops {
        match op {
            Op::Read(a) => see(shared.cells[a].get()),
            Op::Write(a) => shared.cells[a].set(own),
            Op::Raise(a) => shared.flags[a].raise(),
            Op::Wait(a) => shared.flags[a].wait(me).await,
            Op::WaitAtMost(a, time) => {
                let waited = time::timeout(Duration::from_secs(time), shared.flags[a].wait(me)).await;
                see(waited.is_ok().into());
            }
            Op::WaitForBoth => {
                futures::join!(a.wait(me), b.wait(me));
            }
            Op::WaitForEither => {
                let (a, b) = (std::pin::pin!(a.wait(me)), std::pin::pin!(b.wait(me)));
                see(matches!(futures::future::select(a, b).await, futures::future::Either::Left(_)).into());
            }
            Op::Sleep(time) => time::sleep(Duration::from_secs(time)).await,
            Op::Now => see(shared.start.elapsed().as_secs()),
            Op::Yield => future::yield_now().await,
            Op::NotifyOne => shared.notify.notify_one(),
            Op::Notified => shared.notify.notified().await,
            Op::NotifiedAtMost(time) => {
                see(time::timeout(Duration::from_secs(time), shared.notify.notified()).await.is_ok().into());
            }
            Op::Acquire => {
                let permit = shared.permits.acquire().await.unwrap();
                see(shared.cells[0].get());
                drop(permit);
            }
        }
    }
}

fn body(program: &[Vec<Op>], seen: &Seen, is_instrumented: bool) {
    let shared = Arc::new(Shared {
        cells: Default::default(),
        flags: Default::default(),
        notify: Notify::new(),
        permits: Semaphore::new(1),
        start: time::Instant::now(),
    });
    let future = |me: usize| run(me, program[me].clone(), Arc::clone(&shared), seen.clone());
    let main = async {
        let spawn = |me| {
            let future = future(me);
            if is_instrumented { future::spawn_instrumented(future) } else { future::spawn(future) }
        };
        let tasks: Vec<_> = (1..program.len()).map(spawn).collect();
        future(0).await;
        for task in tasks {
            task.await.unwrap();
        }
        seen.note(0, shared.cells[0].get());
    };
    if is_instrumented { future::block_on_instrumented(main) } else { future::block_on(main) }
}

proptest! {
    #![proptest_config(many::many())]

    #[test]
    fn optimal_finds_each_class_of_instrumented_futures_once(program in program(own().boxed())) {
        hold(move |seen| body(&program, seen, true))?;
    }

    #[test]
    fn a_search_of_states_finds_each_outcome_of_instrumented_futures(program in program(own().boxed())) {
        hold_states(move |seen| body(&program, seen, true))?;
    }

    #[test]
    fn optimal_finds_each_class_of_foreign_futures_once(program in program(any().boxed())) {
        hold(move |seen| body(&program, seen, false))?;
    }

    #[test]
    fn a_search_of_graphs_finds_each_outcome_of_instrumented_futures(program in program(own().boxed())) {
        hold_graphs(move |seen| body(&program, seen, true))?;
    }
}
