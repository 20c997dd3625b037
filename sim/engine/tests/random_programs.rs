//! Compares the optimal strategy with the naive one on random programs: the same classes, each
//! once, and the same outcomes.

mod agreement;
mod many;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex as StdMutex};

use proptest::prelude::*;
use selvedge_engine::mode::{Any, Parallel};
use selvedge_engine::object::{Cell, Counter, Map};
use selvedge_engine::sync::atomic::AtomicU64;
use selvedge_engine::sync::{Mutex, RwLock};
use selvedge_engine::{Class, Ending, Explorer, Report, thread};

/// An operation of a random program. The first number is the object.
#[derive(Clone, Copy, Debug)]
enum Op {
    Read(usize),
    Write(usize),
    /// Writes the second if the first is 0.
    WriteIfZero(usize, usize),
    Add(usize),
    Cas(usize, u64),
    WaitUntilAtLeast(usize, u64),
    Lock(usize),
    /// Reads the cell under the lock.
    LockAndRead(usize, usize),
    /// Reads the cell under the lock, and panics if it is not 0: the lock is released while the
    /// task unwinds.
    LockAndPanic(usize, usize),
    TryLock(usize),
    ReadLock(usize),
    /// Reads the cell under a shared lock.
    ReadLockAndRead(usize, usize),
    /// Takes the lock shared, and never releases it.
    ReadLockForGood(usize),
    WriteLock(usize),
    TryRead(usize),
    TryWrite(usize),
    MapGet(u8),
    MapInsert(u8),
    /// Inserts under the key's lock if the atomic is 0.
    MapInsertIf(u8, usize),
    /// Writes one value or another.
    Choose(usize),
    MapLen,
    CounterAdd(usize),
    CounterGet(usize),
    Opaque,
}

const OBJECTS: usize = 2;

fn op() -> impl Strategy<Value = Op> {
    let object = 0..OBJECTS;
    prop_oneof![
        3 => object.clone().prop_map(Op::Read),
        3 => object.clone().prop_map(Op::Write),
        2 => (object.clone(), object.clone()).prop_map(|(a, b)| Op::WriteIfZero(a, b)),
        2 => object.clone().prop_map(Op::Add),
        2 => (object.clone(), 0..2u64).prop_map(|(a, expected)| Op::Cas(a, expected)),
        1 => (object.clone(), 1..3u64).prop_map(|(a, least)| Op::WaitUntilAtLeast(a, least)),
        2 => object.clone().prop_map(Op::Lock),
        1 => (object.clone(), object.clone()).prop_map(|(a, b)| Op::LockAndRead(a, b)),
        1 => (object.clone(), object.clone()).prop_map(|(a, b)| Op::LockAndPanic(a, b)),
        2 => object.clone().prop_map(Op::TryLock),
        1 => object.clone().prop_map(Op::ReadLock),
        1 => (object.clone(), object.clone()).prop_map(|(a, b)| Op::ReadLockAndRead(a, b)),
        1 => object.clone().prop_map(Op::ReadLockForGood),
        1 => object.clone().prop_map(Op::WriteLock),
        1 => object.clone().prop_map(Op::TryRead),
        1 => object.clone().prop_map(Op::TryWrite),
        1 => (0..2u8).prop_map(Op::MapGet),
        1 => (0..2u8).prop_map(Op::MapInsert),
        1 => (0..2u8, object.clone()).prop_map(|(key, a)| Op::MapInsertIf(key, a)),
        2 => object.clone().prop_map(Op::Choose),
        1 => Just(Op::MapLen),
        1 => object.clone().prop_map(Op::CounterAdd),
        1 => object.prop_map(Op::CounterGet),
        1 => Just(Op::Opaque),
    ]
}

/// Threads with their operations. The first thread spawns the last after its first operation, and
/// joins it at its end.
fn program() -> impl Strategy<Value = Vec<Vec<Op>>> {
    prop_oneof![
        proptest::collection::vec(proptest::collection::vec(op(), 1..=4), 2..=2),
        proptest::collection::vec(proptest::collection::vec(op(), 1..=2), 3..=3),
    ]
}

#[derive(Default)]
struct Shared {
    cells: [Cell<u64>; OBJECTS],
    atomics: [AtomicU64; OBJECTS],
    locks: [Mutex<u64>; OBJECTS],
    rwlocks: [RwLock<u64>; OBJECTS],
    map: Map<u8, u64>,
    counters: [Counter; OBJECTS],
}

/// The observations of a thread, in order.
type Seen = Arc<StdMutex<Vec<Vec<u64>>>>;

fn run_thread(me: usize, ops: &[Op], shared: &Shared, seen: &Seen) {
    let own = me as u64 + 1;
    let see = |value: u64| seen.lock().unwrap()[me].push(value);
    for &op in ops {
        match op {
            Op::Read(a) => see(shared.cells[a].get()),
            Op::Write(a) => shared.cells[a].set(own),
            Op::WriteIfZero(a, b) => {
                if shared.cells[a].get() == 0 {
                    shared.cells[b].set(own + 10);
                }
            }
            Op::Add(a) => see(shared.atomics[a].fetch_add(1, SeqCst)),
            Op::Cas(a, expected) => {
                see(match shared.atomics[a].compare_exchange(expected, expected + 1, SeqCst, SeqCst) {
                    Ok(_) => 1_000,
                    Err(value) => value,
                });
            }
            Op::WaitUntilAtLeast(a, least) => see(shared.atomics[a].wait_until(move |value| value >= least)),
            Op::Lock(a) => {
                let mut value = shared.locks[a].lock().unwrap();
                see(*value);
                *value += own;
            }
            Op::LockAndRead(a, b) => {
                let _held = shared.locks[a].lock().unwrap();
                see(shared.cells[b].get());
            }
            Op::LockAndPanic(a, b) => {
                let _held = shared.locks[a].lock();
                let value = shared.cells[b].get();
                see(value);
                assert_eq!(value, 0);
            }
            Op::TryLock(a) => match shared.locks[a].try_lock() {
                Ok(mut value) => {
                    see(*value);
                    *value += own;
                }
                Err(_) => see(1_000),
            },
            Op::ReadLock(a) => see(*shared.rwlocks[a].read().unwrap()),
            Op::ReadLockAndRead(a, b) => {
                let _held = shared.rwlocks[a].read().unwrap();
                see(shared.cells[b].get());
            }
            Op::ReadLockForGood(a) => {
                let held = shared.rwlocks[a].read().unwrap();
                see(*held);
                std::mem::forget(held);
            }
            Op::WriteLock(a) => *shared.rwlocks[a].write().unwrap() += own,
            Op::TryRead(a) => see(shared.rwlocks[a].try_read().map_or(1_000, |value| *value)),
            Op::TryWrite(a) => match shared.rwlocks[a].try_write() {
                Ok(mut value) => *value += own,
                Err(_) => see(1_000),
            },
            Op::Choose(a) => {
                let choice = selvedge_engine::choose(2) as u64;
                see(choice);
                if choice == 1 {
                    shared.cells[a].set(own + 20);
                }
            }
            Op::MapLen => see(shared.map.len() as u64),
            Op::CounterAdd(a) => shared.counters[a].add(1),
            Op::CounterGet(a) => see(shared.counters[a].get() as u64),
            Op::Opaque => selvedge_engine::opaque(),
            Op::MapGet(key) => see(shared.map.get(&key).unwrap_or(1_000)),
            Op::MapInsert(key) => see(shared.map.insert(key, own).unwrap_or(1_000)),
            Op::MapInsertIf(key, a) => {
                let entry = shared.map.entry(key);
                if shared.atomics[a].load(SeqCst) == 0 {
                    entry.insert(own);
                }
            }
        }
    }
}

fn body(program: &[Vec<Op>], seen: &Seen) {
    *seen.lock().unwrap() = vec![Vec::new(); program.len()];
    let shared = Arc::new(Shared::default());
    let spawn = |me: usize, ops: Vec<Op>| {
        let (shared, seen) = (Arc::clone(&shared), Arc::clone(seen));
        thread::spawn(move || run_thread(me, &ops, &shared, &seen))
    };
    let last = program.len() - 1;
    for (me, ops) in program.iter().enumerate().skip(1).take(last.saturating_sub(1)) {
        spawn(me, ops.clone());
    }
    run_thread(0, &program[0][..1], &shared, seen);
    let child = spawn(last, program[last].clone());
    run_thread(0, &program[0][1..], &shared, seen);
    child.join().unwrap();
    run_thread(0, &[Op::Read(0), Op::Read(1)], &shared, seen);
}

/// How a run ended, and the observations of its threads.
type Outcome = (bool, Vec<Vec<u64>>);

fn explore(
    explorer: &Explorer<Parallel<Any>>,
    program: &[Vec<Op>],
) -> (Report, Vec<Class>, BTreeSet<Outcome>) {
    let init = || {
        let seen = Seen::default();
        let (ops, log) = (program.to_vec(), Arc::clone(&seen));
        (move || body(&ops, &log), seen)
    };
    agreement::explored(explorer, init, |seen, run| {
        let deadlock = matches!(run.ending(), Ending::Deadlock(_));
        (deadlock, seen.lock().unwrap().clone())
    })
}

proptest! {
    #![proptest_config(many::many())]

    #[test]
    fn optimal_finds_each_class_of_the_naive_search_once(program in program()) {
        agreement::classes(40_000, |explorer| explore(explorer, &program))?;
    }

    #[test]
    fn a_search_of_states_finds_each_outcome_of_the_naive_search(program in program()) {
        agreement::states(40_000, |explorer| explore(explorer, &program))?;
    }

    #[test]
    fn a_search_of_graphs_finds_each_outcome_of_the_naive_search(program in program()) {
        agreement::graphs(40_000, |explorer| explore(explorer, &program))?;
    }
}
