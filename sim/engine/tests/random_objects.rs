//! Compares the optimal strategy with the naive one on random programs over the semantic objects:
//! the same classes, each once, and the same outcomes.

mod agreement;
mod many;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex as StdMutex};
use std::time::Duration;

use proptest::prelude::*;
use selvedge_engine::mode::{Any, Parallel};
use selvedge_engine::object::{Cell, Map, Object, Queue, Set, Touch};
use selvedge_engine::{Class, Ending, Explorer, Report, thread};

/// An operation of a random program. The number is the key.
#[derive(Clone, Copy, Debug)]
enum Op {
    SetInsert(u8),
    SetRemove(u8),
    SetContains(u8),
    SetLen,
    Push,
    Pop,
    QueueLen,
    /// Inserts the popped item into the set, if there was one.
    PopInto,
    MapInsert(u8),
    MapRemove(u8),
    MapContains(u8),
    MapUpdate(u8),
    /// Locks the key while it reads the set; then inserts.
    MapEntry(u8),
    /// Locks the first key while it clears the map if the second is not in the set.
    MapEntryThenClear(u8, u8),
    MapKeys,
    MapToVec,
    MapClear,
    ObjectRead(u8),
    ObjectWrite(u8),
    ObjectReadAll,
    ObjectWriteAll,
    /// Reads a key and the clock.
    ObjectReadAt(u8),
    /// Writes the clock's time to a key.
    ObjectWriteAt(u8),
    ObjectReadAllAt,
    ObjectWriteAllAt,
    Sleep(u8),
    CellGet,
    CellSet,
}

fn op() -> impl Strategy<Value = Op> {
    let key = 0..2u8;
    prop_oneof![
        3 => key.clone().prop_map(Op::SetInsert),
        2 => key.clone().prop_map(Op::SetRemove),
        1 => key.clone().prop_map(Op::SetContains),
        1 => Just(Op::SetLen),
        3 => Just(Op::Push),
        3 => Just(Op::Pop),
        1 => Just(Op::QueueLen),
        1 => Just(Op::PopInto),
        2 => key.clone().prop_map(Op::MapInsert),
        1 => key.clone().prop_map(Op::MapRemove),
        1 => key.clone().prop_map(Op::MapContains),
        1 => key.clone().prop_map(Op::MapUpdate),
        2 => key.clone().prop_map(Op::MapEntry),
        1 => (key.clone(), key.clone()).prop_map(|(a, b)| Op::MapEntryThenClear(a, b)),
        1 => Just(Op::MapKeys),
        1 => Just(Op::MapToVec),
        2 => Just(Op::MapClear),
        1 => key.clone().prop_map(Op::ObjectRead),
        2 => key.clone().prop_map(Op::ObjectWrite),
        1 => key.clone().prop_map(Op::ObjectReadAt),
        1 => key.clone().prop_map(Op::ObjectWriteAt),
        1 => Just(Op::ObjectReadAllAt),
        1 => Just(Op::ObjectWriteAllAt),
        1 => key.prop_map(Op::Sleep),
        1 => Just(Op::ObjectReadAll),
        1 => Just(Op::ObjectWriteAll),
        1 => Just(Op::CellGet),
        1 => Just(Op::CellSet),
    ]
}

fn program() -> impl Strategy<Value = Vec<Vec<Op>>> {
    prop_oneof![
        proptest::collection::vec(proptest::collection::vec(op(), 1..=4), 2..=2),
        proptest::collection::vec(proptest::collection::vec(op(), 1..=2), 3..=4),
    ]
}

#[derive(Default)]
struct Shared {
    set: Set<u8>,
    queue: Queue<u64>,
    map: Map<u8, u64>,
    object: Object<[u64; 2]>,
    cell: Cell<u64>,
}

/// The observations of a thread, in order.
type Seen = Arc<StdMutex<Vec<Vec<u64>>>>;

fn run_thread(me: usize, ops: &[Op], shared: &Shared, seen: &Seen) {
    let own = me as u64 + 1;
    let see = |value: u64| seen.lock().unwrap()[me].push(value);
    let Shared { set, queue, map, object, cell } = shared;
    for &op in ops {
        match op {
            Op::SetInsert(key) => see(set.insert(key).into()),
            Op::SetRemove(key) => see(set.remove(&key).into()),
            Op::SetContains(key) => see(set.contains(&key).into()),
            Op::SetLen => see(set.len() as u64),
            Op::Push => queue.push(own),
            Op::Pop => see(queue.pop().unwrap_or(1_000)),
            Op::QueueLen => see(queue.len() as u64),
            Op::PopInto => {
                if let Some(item) = queue.pop() {
                    see(set.insert(item as u8).into());
                }
            }
            Op::MapInsert(key) => see(map.insert(key, own).unwrap_or(1_000)),
            Op::MapRemove(key) => see(map.remove(&key).unwrap_or(1_000)),
            Op::MapContains(key) => see(map.contains_key(&key).into()),
            Op::MapUpdate(key) => see(map.update(key, |value| value.replace(own)).unwrap_or(1_000)),
            Op::MapEntry(key) => {
                let entry = map.entry(key);
                see(set.contains(&key).into());
                entry.insert(own);
            }
            Op::MapEntryThenClear(key, other) => {
                let entry = map.entry(key);
                see(entry.get().unwrap_or(1_000));
                if !set.contains(&other) {
                    // Its own key is locked, so this deadlocks.
                    map.clear();
                }
            }
            Op::MapKeys => see(map.keys().into_iter().fold(0, |sum, key| sum * 10 + u64::from(key) + 1)),
            Op::MapToVec => map.to_vec().into_iter().for_each(|(_, value)| see(value)),
            Op::MapClear => map.clear(),
            Op::ObjectRead(key) => see(object.read(key, |parts| parts[usize::from(key)])),
            Op::ObjectWrite(key) => {
                see(object.write(key, |parts| std::mem::replace(&mut parts[usize::from(key)], own)));
            }
            Op::ObjectReadAll => see(object.read_all(|parts| parts[0] * 10 + parts[1])),
            Op::ObjectWriteAll => object.write_all(|parts| parts.swap(0, 1)),
            Op::ObjectReadAt(key) => {
                see(object
                    .touch(Touch::Read(key), |parts, now| parts[usize::from(key)] * 100 + now.as_secs()))
            }
            Op::ObjectWriteAt(key) => object.touch(Touch::Write(key), |parts, now| {
                parts[usize::from(key)] = own * 10 + now.as_secs();
            }),
            Op::ObjectReadAllAt => see(object
                .touch(Touch::<u8>::ReadAll, |parts, now| (parts[0] * 100 + parts[1]) * 10 + now.as_secs())),
            Op::ObjectWriteAllAt => object.touch(Touch::<u8>::WriteAll, |parts, now| {
                parts.swap(0, 1);
                parts[0] += now.as_secs();
            }),
            Op::Sleep(seconds) => thread::sleep(Duration::from_secs(u64::from(seconds) + 1)),
            Op::CellGet => see(cell.get()),
            Op::CellSet => cell.set(own),
        }
    }
}

fn body(program: &[Vec<Op>], seen: &Seen) {
    *seen.lock().unwrap() = vec![Vec::new(); program.len() + 1];
    let shared = Arc::new(Shared::default());
    let tasks: Vec<_> = program
        .iter()
        .enumerate()
        .map(|(me, ops)| {
            let (ops, shared, seen) = (ops.clone(), Arc::clone(&shared), Arc::clone(seen));
            thread::spawn(move || run_thread(me, &ops, &shared, &seen))
        })
        .collect();
    for task in tasks {
        task.join().unwrap();
    }
    let last = [Op::MapToVec, Op::SetContains(0), Op::SetContains(1), Op::Pop, Op::Pop, Op::ObjectReadAll];
    run_thread(program.len(), &last, &shared, seen);
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
        agreement::classes(40_000, |explorer| {
            let found = explore(explorer, &program);
            assert_eq!(found.0.panics, 0);
            found
        })?;
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
