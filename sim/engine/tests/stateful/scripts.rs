//! Random scripts: the search of states finds each outcome that the optimal and the naive searches
//! find.

use std::ops::ControlFlow;
use std::panic;
use std::time::Duration;

use proptest::prelude::*;
use selvedge_engine::mode::Any;
use selvedge_engine::object::{Cell, Counter, Map, Queue, Set};
use selvedge_engine::sync::atomic::{AtomicU64, Ordering::SeqCst};
use selvedge_engine::sync::{Arc, Condvar, Mutex, RwLock};
use selvedge_engine::thread::JoinHandle;
use selvedge_engine::time::Instant;
use selvedge_engine::{Ending, Explorer, Schedule, Script, choose, future, scripted, thread};

use crate::many;
use crate::outcomes::explore;

/// An operation of a random script. The first number is the object, or the key.
#[derive(Clone, Copy, Debug)]
enum Op {
    /// Loads one atomic, and stores the value in the other.
    Copy(usize),
    AddTwice(usize),
    Cas(usize),
    WaitUntil(usize),
    LockAndCopy(usize),
    TryLockForGood(usize),
    Lock(usize),
    ReadLockForGood(usize),
    WriteLock(usize),
    MapCopy(u8),
    MapInsertIf(u8),
    MapLen(usize),
    MapClear,
    HashedCopy(u8),
    HashedInsertIf(u8),
    HashedUpdate(u8),
    HashedLen(usize),
    HashedClear,
    SetToggle(u8),
    SetLen(usize),
    Push(usize),
    PopInto(usize),
    CellSwap(usize),
    CounterAdd,
    CounterInto(usize),
    Choose(usize),
    SleepMaybe,
    NowInto(usize),
    Notify,
    WaitFor(usize),
    PanicIf(usize),
    Future(usize),
}

const OBJECTS: usize = 2;

fn op() -> impl Strategy<Value = Op> {
    let object = 0..OBJECTS;
    let key = 0..2u8;
    prop_oneof![
        3 => object.clone().prop_map(Op::Copy),
        2 => object.clone().prop_map(Op::AddTwice),
        2 => object.clone().prop_map(Op::Cas),
        1 => object.clone().prop_map(Op::WaitUntil),
        2 => object.clone().prop_map(Op::LockAndCopy),
        1 => object.clone().prop_map(Op::TryLockForGood),
        2 => object.clone().prop_map(Op::Lock),
        1 => object.clone().prop_map(Op::ReadLockForGood),
        1 => object.clone().prop_map(Op::WriteLock),
        2 => key.clone().prop_map(Op::MapCopy),
        2 => key.clone().prop_map(Op::MapInsertIf),
        1 => object.clone().prop_map(Op::MapLen),
        1 => Just(Op::MapClear),
        2 => key.clone().prop_map(Op::HashedCopy),
        2 => key.clone().prop_map(Op::HashedInsertIf),
        1 => key.clone().prop_map(Op::HashedUpdate),
        1 => object.clone().prop_map(Op::HashedLen),
        1 => Just(Op::HashedClear),
        1 => key.prop_map(Op::SetToggle),
        1 => object.clone().prop_map(Op::SetLen),
        1 => object.clone().prop_map(Op::Push),
        1 => object.clone().prop_map(Op::PopInto),
        1 => object.clone().prop_map(Op::CellSwap),
        1 => Just(Op::CounterAdd),
        1 => object.clone().prop_map(Op::CounterInto),
        2 => object.clone().prop_map(Op::Choose),
        1 => Just(Op::SleepMaybe),
        1 => object.clone().prop_map(Op::NowInto),
        1 => Just(Op::Notify),
        1 => object.clone().prop_map(Op::WaitFor),
        1 => object.clone().prop_map(Op::PanicIf),
        1 => object.prop_map(Op::Future),
    ]
}

fn scripts() -> impl Strategy<Value = Vec<Vec<Op>>> {
    prop_oneof![
        proptest::collection::vec(proptest::collection::vec(op(), 1..=3), 2..=2),
        proptest::collection::vec(proptest::collection::vec(op(), 1..=2), 3..=3),
    ]
}

struct Shared {
    atomics: [AtomicU64; OBJECTS],
    locks: [Mutex<u64>; OBJECTS],
    rwlocks: [RwLock<u64>; OBJECTS],
    map: Map<u8, u64>,
    hashed: Map<u8, u64>,
    set: Set<u8>,
    queue: Queue<u64>,
    cell: Cell<u64>,
    counter: Counter,
    condvar: Condvar,
    start: Instant,
}

impl Shared {
    fn new() -> Self {
        Shared {
            atomics: Default::default(),
            locks: Default::default(),
            rwlocks: Default::default(),
            map: Map::new(),
            hashed: Map::hashed("a hashed map"),
            set: Set::new(),
            queue: Queue::new(),
            cell: Cell::new(0),
            counter: Counter::new(0),
            condvar: Condvar::new(),
            start: Instant::now(),
        }
    }

    fn copy(&self, map: &Map<u8, u64>, key: u8) {
        let value = map.get(&key).unwrap_or(7);
        self.atomics[usize::from(key)].store(value, SeqCst);
    }

    fn insert_if(&self, map: &Map<u8, u64>, key: u8, own: u64) {
        let entry = map.entry(key);
        if self.atomics[usize::from(key)].load(SeqCst).is_multiple_of(2) {
            entry.insert(own);
        }
    }

    /// The final values, once all tasks have ended.
    fn values(&self) -> Vec<u64> {
        let mut values: Vec<u64> = self.atomics.iter().map(|atomic| atomic.load(SeqCst)).collect();
        values.extend(self.locks.iter().map(|lock| lock.try_lock().map_or(1_000, |value| *value)));
        values.extend(self.rwlocks.iter().map(|lock| lock.try_read().map_or(1_000, |value| *value)));
        for map in [&self.map, &self.hashed] {
            values.push(map.len() as u64 + 2_000);
            values.extend(map.to_vec().into_iter().map(|(key, value)| u64::from(key) * 10 + value));
        }
        values.extend(self.set.to_vec().into_iter().map(u64::from));
        values.push(3_000);
        values.extend(std::iter::from_fn(|| self.queue.pop()));
        values.extend([self.cell.get(), self.counter.get() as u64, self.start.elapsed().as_secs()]);
        values
    }
}

fn perform(shared: &Shared, &(me, op): &(u64, Op)) {
    let [first, ..] = &shared.atomics;
    match op {
        Op::Copy(a) => {
            let seen = shared.atomics[a].load(SeqCst);
            shared.atomics[1 - a].store(seen + me, SeqCst);
        }
        Op::AddTwice(a) => {
            let seen = shared.atomics[a].fetch_add(1, SeqCst);
            shared.atomics[a].fetch_add(seen % 2, SeqCst);
        }
        Op::Cas(a) => {
            if shared.atomics[a].compare_exchange(0, me, SeqCst, SeqCst).is_err() {
                shared.atomics[1 - a].store(9, SeqCst);
            }
        }
        Op::WaitUntil(a) => drop(shared.atomics[a].wait_until(|value| value > 0)),
        Op::LockAndCopy(a) => {
            let mut value = shared.locks[a].lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            *value = 2 * *value + shared.atomics[a].load(SeqCst);
        }
        Op::TryLockForGood(a) => std::mem::forget(shared.locks[a].try_lock()),
        Op::Lock(a) => *shared.locks[a].lock().unwrap_or_else(|poisoned| poisoned.into_inner()) += me,
        Op::ReadLockForGood(a) => std::mem::forget(shared.rwlocks[a].read()),
        Op::WriteLock(a) => *shared.rwlocks[a].write().unwrap() += me,
        Op::MapCopy(key) => shared.copy(&shared.map, key),
        Op::MapInsertIf(key) => shared.insert_if(&shared.map, key, me),
        Op::MapLen(a) => shared.atomics[a].store(shared.map.len() as u64, SeqCst),
        Op::MapClear => shared.map.clear(),
        Op::HashedCopy(key) => shared.copy(&shared.hashed, key),
        Op::HashedInsertIf(key) => shared.insert_if(&shared.hashed, key, me),
        Op::HashedUpdate(key) => shared.hashed.update(key, |value| match value {
            Some(_) => *value = None,
            None => *value = Some(me),
        }),
        Op::HashedLen(a) => shared.atomics[a].store(shared.hashed.len() as u64, SeqCst),
        Op::HashedClear => shared.hashed.clear(),
        Op::SetToggle(key) => {
            if !shared.set.remove(&key) {
                shared.set.insert(key);
            }
        }
        Op::SetLen(a) => shared.atomics[a].store(shared.set.len() as u64, SeqCst),
        Op::Push(a) => shared.queue.push(shared.atomics[a].load(SeqCst) + me),
        Op::PopInto(a) => shared.atomics[a].store(shared.queue.pop().unwrap_or(8), SeqCst),
        Op::CellSwap(a) => shared.atomics[a].store(shared.cell.replace(me), SeqCst),
        Op::CounterAdd => shared.counter.add(1),
        Op::CounterInto(a) => shared.atomics[a].store(shared.counter.get() as u64, SeqCst),
        Op::Choose(a) => shared.atomics[a].store(choose(2) as u64, SeqCst),
        Op::SleepMaybe => {
            if choose(2) == 1 {
                thread::sleep(Duration::from_secs(1));
            }
        }
        Op::NowInto(a) => shared.atomics[a].store(shared.start.elapsed().as_secs(), SeqCst),
        Op::Notify => shared.condvar.notify_one(),
        Op::WaitFor(a) => {
            let guard = shared.locks[a].lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let waited = shared.condvar.wait_timeout(guard, Duration::from_secs(1));
            let (mut guard, result) = waited.unwrap_or_else(|poisoned| poisoned.into_inner());
            *guard += u64::from(result.timed_out());
        }
        Op::PanicIf(a) => {
            let held = shared.locks[a].lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            assert!(*held < 3, "it is {}", *held);
        }
        Op::Future(a) => {
            let load = async { shared.atomics[a].load(SeqCst) };
            let seen = future::block_on_instrumented(async { load.await + 1 });
            first.store(seen, SeqCst);
        }
    }
}

fn tasks(scripts: &[Vec<Op>], shared: &Arc<Shared>) -> Vec<JoinHandle<()>> {
    let scripts = scripts.iter().zip(1..).map(|(ops, me)| Script {
        name: format!("script {me}"),
        operations: ops.iter().map(|&op| (me, op)).collect(),
    });
    scripted(shared, scripts, perform)
}

fn body(scripts: &[Vec<Op>]) -> Vec<u64> {
    let shared = Arc::new(Shared::new());
    for task in tasks(scripts, &shared) {
        // A panic is an outcome of that task only.
        drop(task.join());
    }
    shared.values()
}

#[test]
fn the_order_of_findings_is_part_of_the_state() {
    struct Places {
        maps: [Map<u8, u64>; 3],
        word: AtomicU64,
    }
    let body = || {
        let maps = [(); 3].map(|()| Map::hashed("a place"));
        let places = Arc::new(Places { maps, word: AtomicU64::new(0) });
        let script = |name: &str, operations| Script { name: name.to_owned(), operations };
        let scripts = [script("hider", vec![0, 1]), script("seeker", vec![2])];
        let tasks =
            scripted(&places, scripts, |Places { maps: [first, second, third], word }, &operation| {
                match operation {
                    0 => drop([first, second][choose(2)].insert(0, 7)),
                    1 => drop((first.remove(&0), second.remove(&0))),
                    _ => {
                        let is_first = first.get(&0).is_some();
                        let other = if is_first { third } else { second };
                        let is_second = other.get(&0).is_some();
                        let seen = word.load(SeqCst);
                        word.store(seen + u64::from(is_first) + 2 * u64::from(is_second), SeqCst);
                    }
                }
            });
        tasks.into_iter().for_each(|task| task.join().unwrap());
        vec![places.word.load(SeqCst)]
    };
    let (_, found) = explore(&Explorer::stateful(), body);
    assert_eq!(found, explore(&Explorer::naive(), body).1);
    assert_eq!(found.len(), 3);
}

#[test]
fn tasks_spawned_in_different_operations_are_different() {
    let body = || {
        let number = Arc::new(AtomicU64::new(0));
        let script = Script { name: "a script".to_owned(), operations: vec![1, 2] };
        let tasks = scripted(&Arc::new(Arc::clone(&number)), [script], |number, &digit| {
            let theirs = Arc::clone(number);
            thread::spawn(move || {
                let seen = theirs.load(SeqCst);
                theirs.store(10 * seen + digit, SeqCst);
            });
        });
        tasks.into_iter().for_each(|task| task.join().unwrap());
        vec![number.wait_until(|number| number > 0), number.load(SeqCst)]
    };
    let (stateful, found) = explore(&Explorer::stateful(), body);
    assert!(stateful.is_complete(), "{stateful:?}");
    assert_eq!(found, explore(&Explorer::naive(), body).1);
}

proptest! {
    #![proptest_config(many::many())]

    #[test]
    fn each_outcome_is_found(scripts in scripts()) {
        let run = move |explorer: Explorer<Any>| {
            let scripts = scripts.clone();
            explore(&explorer, move || body(&scripts))
        };
        let (stateful, found) = run(Explorer::stateful().into_any());
        prop_assert!(stateful.is_complete(), "{:?}", stateful);
        let (optimal, expected) = run(Explorer::optimal().max_executions(20_000).into_any());
        prop_assume!(optimal.is_complete());
        prop_assert_eq!(&found, &expected);
        let (naive, expected) = run(Explorer::naive().max_executions(10_000).into_any());
        prop_assume!(naive.is_complete());
        prop_assert_eq!(&found, &expected);
    }

    #[test]
    fn each_outcome_within_a_bound_on_preemptions_is_found(scripts in scripts(), most in 0..3usize) {
        let run = move |explorer: Explorer<Any>| {
            let scripts = scripts.clone();
            explore(&explorer, move || body(&scripts))
        };
        let (naive, expected) = run(Explorer::naive().max_executions(10_000).max_preemptions(most).into_any());
        prop_assume!(naive.done == 1.0);
        let (stateful, found) = run(Explorer::stateful().max_preemptions(most).into_any());
        prop_assert_eq!(stateful.bound, naive.bound);
        prop_assert_eq!(&found, &expected);
    }

    #[test]
    fn the_simplest_failure_is_shown(scripts in scripts()) {
        // A script that keeps a lock forever or finds a number too large fails.
        let fails = move || tasks(&scripts, &Arc::new(Shared::new())).into_iter().for_each(|task| task.join().unwrap());
        let is_panic = |ending: &Ending| matches!(ending, Ending::Panic { .. });
        let mut all: Vec<(bool, usize, usize, Schedule)> = Vec::new();
        let naive = Explorer::naive().max_executions(10_000).run_each(fails.clone(), |run| {
            if *run.ending() != Ending::Complete {
                let schedule = run.schedule();
                all.push((!is_panic(run.ending()), schedule.switches(), schedule.len(), schedule));
            }
            ControlFlow::Continue(())
        });
        prop_assume!(naive.is_complete());
        let story = panic::catch_unwind(|| Explorer::stateful().check(fails)).map_err(|payload| {
            *payload.downcast::<String>().expect("a story is text")
        });
        match (story, all.into_iter().min()) {
            (Ok(_), None) => {}
            (Err(story), Some((_, _, _, schedule))) => {
                prop_assert!(story.contains(&format!("{:?}", schedule.to_string())), "{}\n{}", story, schedule);
            }
            (story, simplest) => prop_assert!(false, "{:?} {:?}", story, simplest),
        }
    }
}
