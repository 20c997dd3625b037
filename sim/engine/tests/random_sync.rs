//! Compares the optimal strategy with the naive one on random programs with condvars, barriers,
//! onces and channels: the same classes, each once, and the same outcomes.

mod agreement;
mod many;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex as StdMutex};
use std::time::Duration;

use proptest::prelude::*;
use selvedge_engine::mode::{Any, Parallel};
use selvedge_engine::object::Cell;
use selvedge_engine::sync::atomic::AtomicU64;
use selvedge_engine::sync::mpsc::{self, Receiver, Sender, SyncSender, TryRecvError, TrySendError};
use selvedge_engine::sync::{Barrier, Condvar, LazyLock, Mutex, Once, OnceLock};
use selvedge_engine::{Class, Ending, Explorer, Report, thread};

/// An operation of a random program. The number is the object.
#[derive(Clone, Copy, Debug)]
enum Op {
    Read,
    Write,
    Update,
    Lock(usize),
    Wait(usize),
    WaitWhileZero(usize),
    WaitTimeout(usize),
    WaitTimeoutWhileZero(usize),
    SetAndNotify(usize),
    NotifyOne(usize),
    NotifyAll(usize),
    BarrierWait,
    CallOnce,
    IsCompleted,
    WaitForOnce,
    Get,
    Set,
    GetOrInit,
    Force,
    Send(usize),
    TrySend(usize),
    /// The thread that owns the receiver receives; the other threads send.
    Receive(usize),
    TryReceive(usize),
    ReceiveTimeout(usize),
    DropSender(usize),
    DropReceiver(usize),
}

impl Op {
    /// The channel of the operation.
    fn channel(self) -> Option<usize> {
        match self {
            Op::Send(a) | Op::TrySend(a) | Op::Receive(a) | Op::TryReceive(a) => Some(a),
            Op::ReceiveTimeout(a) | Op::DropSender(a) | Op::DropReceiver(a) => Some(a),
            _ => None,
        }
    }
}

const OBJECTS: usize = 2;

fn condvars() -> impl Strategy<Value = Op> {
    let object = 0..OBJECTS;
    prop_oneof![
        1 => Just(Op::Read),
        1 => Just(Op::Write),
        2 => object.clone().prop_map(Op::Lock),
        2 => object.clone().prop_map(Op::Wait),
        2 => object.clone().prop_map(Op::WaitWhileZero),
        2 => object.clone().prop_map(Op::WaitTimeout),
        1 => object.clone().prop_map(Op::WaitTimeoutWhileZero),
        3 => object.clone().prop_map(Op::SetAndNotify),
        2 => object.clone().prop_map(Op::NotifyOne),
        2 => object.prop_map(Op::NotifyAll),
    ]
}

fn channels() -> impl Strategy<Value = Op> {
    let object = 0..OBJECTS;
    prop_oneof![
        1 => Just(Op::Read),
        1 => Just(Op::Write),
        4 => object.clone().prop_map(Op::Send),
        2 => object.clone().prop_map(Op::TrySend),
        4 => object.clone().prop_map(Op::Receive),
        2 => object.clone().prop_map(Op::TryReceive),
        1 => object.clone().prop_map(Op::ReceiveTimeout),
        1 => object.clone().prop_map(Op::DropSender),
        1 => object.prop_map(Op::DropReceiver),
    ]
}

fn onces() -> impl Strategy<Value = Op> {
    prop_oneof![
        1 => Just(Op::Read),
        1 => Just(Op::Write),
        1 => Just(Op::Update),
        3 => Just(Op::BarrierWait),
        2 => Just(Op::CallOnce),
        1 => Just(Op::IsCompleted),
        1 => Just(Op::WaitForOnce),
        1 => Just(Op::Get),
        1 => Just(Op::Set),
        2 => Just(Op::GetOrInit),
        2 => Just(Op::Force),
    ]
}

/// Threads with their operations. The first thread spawns the last after its first operation, and
/// joins it at its end.
fn threads<S: Strategy<Value = Op> + 'static>(op: fn() -> S) -> impl Strategy<Value = Vec<Vec<Op>>> {
    prop_oneof![
        proptest::collection::vec(proptest::collection::vec(op(), 1..=4), 2..=2),
        proptest::collection::vec(proptest::collection::vec(op(), 1..=2), 3..=3),
        proptest::collection::vec(proptest::collection::vec(op(), 1..=1), 4..=4),
    ]
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![condvars(), channels(), onces()]
}

/// A program, the bounds of its channels (`None`: unbounded), and the maximum number of spurious
/// wakeups.
fn program() -> impl Strategy<Value = Program> {
    let threads = prop_oneof![threads(condvars), threads(channels), threads(onces), threads(any_op)];
    let bound = prop_oneof![1 => Just(None), 2 => (0..3usize).prop_map(Some)];
    let spurious = prop_oneof![3 => Just(0), 1 => Just(1)];
    (threads, [bound.clone(), bound], spurious).prop_map(|(threads, bounds, spurious)| Program {
        threads,
        bounds,
        spurious,
    })
}

#[derive(Clone, Debug)]
struct Program {
    threads: Vec<Vec<Op>>,
    bounds: [Option<usize>; OBJECTS],
    spurious: u16,
}

#[derive(Clone)]
enum AnySender {
    Unbounded(Sender<u64>),
    Bounded(SyncSender<u64>),
}

impl AnySender {
    fn send(&self, value: u64) -> u64 {
        let sent = match self {
            AnySender::Unbounded(sender) => sender.send(value),
            AnySender::Bounded(sender) => sender.send(value),
        };
        sent.map_or_else(|error| 2_000 + error.0, |()| 0)
    }

    fn try_send(&self, value: u64) -> u64 {
        match self {
            AnySender::Unbounded(_) => self.send(value),
            AnySender::Bounded(sender) => match sender.try_send(value) {
                Ok(()) => 0,
                Err(TrySendError::Full(value)) => 1_000 + value,
                Err(TrySendError::Disconnected(value)) => 2_000 + value,
            },
        }
    }
}

/// A thread's ends of the channels.
#[derive(Default)]
struct Ends {
    senders: Vec<Option<AnySender>>,
    receivers: Vec<Option<Receiver<u64>>>,
}

struct Shared {
    cell: Arc<Cell<u64>>,
    atomic: AtomicU64,
    pairs: [(Mutex<u64>, Condvar); OBJECTS],
    barrier: Barrier,
    once: Once,
    once_lock: OnceLock<u64>,
    lazy: LazyLock<u64, Box<dyn FnOnce() -> u64 + Send + Sync>>,
}

impl Shared {
    fn new() -> Self {
        let cell = Arc::new(Cell::new(0));
        let seen = Arc::clone(&cell);
        Shared {
            cell,
            atomic: AtomicU64::new(0),
            pairs: Default::default(),
            barrier: Barrier::new(2),
            once: Once::new(),
            once_lock: OnceLock::new(),
            lazy: LazyLock::new(Box::new(move || seen.get())),
        }
    }
}

/// The observations of a thread, in order.
type Seen = Arc<StdMutex<Vec<Vec<u64>>>>;

fn run_thread(me: usize, ops: &[Op], shared: &Shared, ends: &mut Ends, seen: &Seen) {
    let own = me as u64 + 1;
    let see = |value: u64| seen.lock().unwrap()[me].push(value);
    let soon = Duration::from_millis(1);
    for &op in ops {
        match op {
            Op::Read => see(shared.cell.get()),
            Op::Write => shared.cell.set(own),
            Op::Update => see(shared.atomic.update(SeqCst, SeqCst, |value| value + own)),
            Op::Lock(a) => {
                let mut value = shared.pairs[a].0.lock().unwrap();
                see(*value);
                *value += own;
            }
            Op::Wait(a) => {
                let (mutex, condvar) = &shared.pairs[a];
                see(*condvar.wait(mutex.lock().unwrap()).unwrap());
            }
            Op::WaitWhileZero(a) => {
                let (mutex, condvar) = &shared.pairs[a];
                see(*condvar.wait_while(mutex.lock().unwrap(), |value| *value == 0).unwrap());
            }
            Op::WaitTimeout(a) => {
                let (mutex, condvar) = &shared.pairs[a];
                let (value, result) = condvar.wait_timeout(mutex.lock().unwrap(), soon).unwrap();
                see(*value * 2 + u64::from(result.timed_out()));
            }
            Op::WaitTimeoutWhileZero(a) => {
                let (mutex, condvar) = &shared.pairs[a];
                let guard = mutex.lock().unwrap();
                let (value, result) = condvar.wait_timeout_while(guard, soon, |value| *value == 0).unwrap();
                see(*value * 2 + u64::from(result.timed_out()));
            }
            Op::SetAndNotify(a) => {
                let (mutex, condvar) = &shared.pairs[a];
                *mutex.lock().unwrap() += own;
                condvar.notify_one();
            }
            Op::NotifyOne(a) => shared.pairs[a].1.notify_one(),
            Op::NotifyAll(a) => shared.pairs[a].1.notify_all(),
            Op::BarrierWait => see(shared.barrier.wait().is_leader().into()),
            Op::CallOnce => shared.once.call_once(|| shared.cell.set(own + 10)),
            Op::IsCompleted => see(shared.once.is_completed().into()),
            Op::WaitForOnce => shared.once.wait(),
            Op::Get => see(shared.once_lock.get().copied().unwrap_or(1_000)),
            Op::Set => see(shared.once_lock.set(own).map_or(1_000, |()| 0)),
            Op::GetOrInit => see(*shared.once_lock.get_or_init(|| shared.cell.get() + 100 * own)),
            Op::Force => see(*shared.lazy),
            Op::Send(a) => see(ends.senders[a].as_ref().map_or(3_000, |sender| sender.send(own))),
            Op::TrySend(a) => see(ends.senders[a].as_ref().map_or(3_000, |sender| sender.try_send(own))),
            Op::Receive(a) => match &ends.receivers[a] {
                Some(receiver) => see(receiver.recv().unwrap_or(1_000)),
                None => see(ends.senders[a].as_ref().map_or(3_000, |sender| sender.send(own))),
            },
            Op::TryReceive(a) => match &ends.receivers[a] {
                Some(receiver) => see(match receiver.try_recv() {
                    Ok(value) => value,
                    Err(TryRecvError::Empty) => 1_000,
                    Err(TryRecvError::Disconnected) => 2_000,
                }),
                None => see(ends.senders[a].as_ref().map_or(3_000, |sender| sender.try_send(own))),
            },
            Op::ReceiveTimeout(a) => match &ends.receivers[a] {
                Some(receiver) => see(receiver.recv_timeout(soon).unwrap_or(1_000)),
                None => see(ends.senders[a].as_ref().map_or(3_000, |sender| sender.send(own))),
            },
            Op::DropSender(a) => ends.senders[a] = None,
            Op::DropReceiver(a) => ends.receivers[a] = None,
        }
    }
}

fn body(program: &Program, seen: &Seen) {
    let threads = &program.threads;
    *seen.lock().unwrap() = vec![Vec::new(); threads.len()];
    let shared = Arc::new(Shared::new());
    let mut ends: Vec<Ends> = threads.iter().map(|_| Ends::default()).collect();
    let is_used = |object| threads.iter().flatten().any(|op| op.channel() == Some(object));
    for (object, bound) in program.bounds.iter().enumerate() {
        ends.iter_mut().for_each(|ends| ends.senders.push(None));
        ends.iter_mut().for_each(|ends| ends.receivers.push(None));
        if !is_used(object) {
            continue;
        }
        let (sender, receiver) = match bound {
            None => {
                let (sender, receiver) = mpsc::channel();
                (AnySender::Unbounded(sender), receiver)
            }
            Some(bound) => {
                let (sender, receiver) = mpsc::sync_channel(*bound);
                (AnySender::Bounded(sender), receiver)
            }
        };
        for ends in &mut ends[1..] {
            ends.senders[object] = Some(sender.clone());
        }
        ends[0].senders[object] = Some(sender);
        ends[object].receivers[object] = Some(receiver);
    }
    let spawn = |me: usize, mut ends: Ends| {
        let (shared, seen, ops) = (Arc::clone(&shared), Arc::clone(seen), threads[me].clone());
        thread::spawn(move || run_thread(me, &ops, &shared, &mut ends, &seen))
    };
    let last = threads.len() - 1;
    let mut own = ends.remove(0);
    let mut others = ends.into_iter().enumerate();
    for (me, ends) in others.by_ref().take(last - 1) {
        spawn(me + 1, ends);
    }
    run_thread(0, &threads[0][..1], &shared, &mut own, seen);
    let child = others.next().map(|(me, ends)| spawn(me + 1, ends));
    run_thread(0, &threads[0][1..], &shared, &mut own, seen);
    drop(own);
    child.unwrap().join().unwrap();
    run_thread(0, &[Op::Read], &shared, &mut Ends::default(), seen);
}

/// How a run ended, and the observations of its threads.
type Outcome = (bool, Vec<Vec<u64>>);

fn explore(explorer: &Explorer<Parallel<Any>>, program: &Program) -> (Report, Vec<Class>, BTreeSet<Outcome>) {
    let explorer = explorer.clone().spurious_wakeups(program.spurious);
    let init = || {
        let seen = Seen::default();
        let (program, log) = (program.clone(), Arc::clone(&seen));
        (move || body(&program, &log), seen)
    };
    agreement::explored(&explorer, init, |seen, run| {
        let deadlock = matches!(run.ending(), Ending::Deadlock(_));
        assert!(!matches!(run.ending(), Ending::Panic { .. }), "{:?}", run.ending());
        (deadlock, seen.lock().unwrap().clone())
    })
}

proptest! {
    #![proptest_config(many::many())]

    #[test]
    fn optimal_finds_each_class_of_the_naive_search_once(program in program()) {
        agreement::classes(4_000, |explorer| explore(explorer, &program))?;
    }

    #[test]
    fn a_search_of_states_finds_each_outcome_of_the_naive_search(program in program()) {
        agreement::states(4_000, |explorer| {
            let found = explore(explorer, &program);
            assert!(found.0.refused.is_none(), "{:?}", found.0);
            found
        })?;
    }

    #[test]
    fn a_search_of_graphs_finds_each_outcome_of_the_naive_search(program in program()) {
        agreement::graphs(4_000, |explorer| explore(explorer, &program))?;
    }
}
