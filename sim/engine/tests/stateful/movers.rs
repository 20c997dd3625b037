//! Locks that no task can find taken: the search leaves out states around them without missing
//! outcomes.

use std::hash::Hash;

use proptest::prelude::*;
use selvedge_engine::mode::Any;
use selvedge_engine::object::{Lock, Map};
use selvedge_engine::sync::Arc;
use selvedge_engine::sync::atomic::{AtomicU64, Ordering::SeqCst};
use selvedge_engine::{Explorer, Script, choose, scripted, thread};

use crate::many;
use crate::outcomes::{Outcome, explore};

/// An operation of a random script. The number is the lock, the key, or the atomic.
#[derive(Clone, Copy, Debug)]
enum Op {
    Copy(usize),
    Add(usize),
    /// Under one lock it reads values that others write.
    AddSeen(usize),
    /// Under one lock it writes twice a value that others read.
    StoreTwice(usize),
    /// Takes the other lock too.
    Nest(usize),
    /// Under the lock it spawns a task, which performs an operation before it does itself.
    Spawn(usize),
    /// Under the lock it joins a task.
    SpawnAndJoin(usize),
    /// Releases the lock by a panic.
    PanicIf(usize),
    ChooseUnder(usize),
    Get(usize),
    InsertIf(usize),
    /// Under the lock of one key it reads the other.
    InsertOther(usize),
    Remove(usize),
    Clear,
    /// Under a lock it takes that of a key.
    LockKey(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let of = 0..2usize;
    prop_oneof![
        of.clone().prop_map(Op::Copy),
        of.clone().prop_map(Op::Add),
        of.clone().prop_map(Op::AddSeen),
        of.clone().prop_map(Op::StoreTwice),
        of.clone().prop_map(Op::Nest),
        of.clone().prop_map(Op::Spawn),
        of.clone().prop_map(Op::SpawnAndJoin),
        of.clone().prop_map(Op::PanicIf),
        of.clone().prop_map(Op::ChooseUnder),
        of.clone().prop_map(Op::Get),
        of.clone().prop_map(Op::InsertIf),
        of.clone().prop_map(Op::InsertOther),
        of.clone().prop_map(Op::Remove),
        Just(Op::Clear),
        of.prop_map(Op::LockKey),
    ]
}

fn scripts() -> impl Strategy<Value = Vec<Vec<Op>>> {
    prop_oneof![
        proptest::collection::vec(proptest::collection::vec(op(), 1..=3), 2..=2),
        proptest::collection::vec(proptest::collection::vec(op(), 1..=2), 3..=3),
    ]
}

struct Shared {
    atomics: Arc<[AtomicU64; 2]>,
    locks: [Lock<u64>; 2],
    map: Map<usize, u64>,
}

impl Shared {
    fn new() -> Self {
        let lock = |name| Lock::digested(name, 0, |value: &u64, mut state| value.hash(&mut state));
        Shared {
            atomics: Arc::default(),
            locks: [lock("first"), Lock::named("second", 0)],
            map: Map::hashed("map").unlisted(),
        }
    }

    /// The final values, once all tasks have ended.
    fn values(&self) -> Vec<u64> {
        let atomics = self.atomics.iter().map(|atomic| atomic.load(SeqCst));
        let locks = self.locks.iter().map(|lock| lock.with(|value| *value));
        let keys = (0..2).map(|key| self.map.get(&key).unwrap_or(1_000));
        atomics.chain(locks).chain(keys).collect()
    }
}

fn perform(shared: &Shared, &(me, op): &(u64, Op)) {
    let Shared { atomics, locks, map } = shared;
    let load = |at: usize| atomics[at].load(SeqCst);
    match op {
        Op::Copy(a) => atomics[1 - a].store(load(a) + me, SeqCst),
        Op::Add(a) => locks[a].with(|value| *value = 2 * *value + me),
        Op::AddSeen(a) => locks[a].with(|value| *value += load(a)),
        Op::StoreTwice(a) => locks[a].with(|value| {
            atomics[0].store(*value + me, SeqCst);
            atomics[1].store(*value + me, SeqCst);
        }),
        Op::Nest(a) => locks[a].with(|value| locks[1 - a].with(|other| *other += *value + me)),
        Op::Spawn(a) => locks[a].with(|value| {
            let theirs = Arc::clone(atomics);
            thread::spawn(move || theirs[a].fetch_add(10, SeqCst));
            *value += load(a);
        }),
        Op::SpawnAndJoin(a) => locks[a].with(|value| {
            let theirs = Arc::clone(atomics);
            let task = thread::spawn(move || theirs[a].fetch_add(10, SeqCst));
            *value += task.join().unwrap();
        }),
        Op::PanicIf(a) => locks[a].with(|value| assert!(*value < 3, "it is {value}")),
        Op::ChooseUnder(a) => locks[a].with(|value| *value += choose(2) as u64),
        Op::Get(key) => atomics[key].store(map.get(&key).unwrap_or(7), SeqCst),
        Op::InsertIf(key) => {
            let entry = map.entry(key);
            if load(key).is_multiple_of(2) {
                entry.insert(me);
            }
        }
        Op::InsertOther(key) => {
            let entry = map.entry(key);
            let other = map.get(&(1 - key));
            entry.insert(other.unwrap_or(5) + me);
        }
        Op::Remove(key) => atomics[key].store(map.remove(&key).unwrap_or(8), SeqCst),
        Op::Clear => map.clear(),
        Op::LockKey(a) => locks[a].with(|value| map.entry(a).insert(*value + me)),
    }
}

fn body(scripts: &[Vec<Op>]) -> Vec<u64> {
    let shared = Arc::new(Shared::new());
    let scripts = scripts.iter().zip(1..).map(|(ops, me)| Script {
        name: format!("script {me}"),
        operations: ops.iter().map(|&op| (me, op)).collect(),
    });
    for task in scripted(&shared, scripts, perform) {
        // A panic is an outcome of that task only.
        drop(task.join());
    }
    shared.values()
}

/// The number of states with and without joined movers. Checks that both searches find the same.
fn states_of(scripts: &[&[Op]]) -> [u64; 2] {
    let scripts: Vec<Vec<Op>> = scripts.iter().map(|ops| ops.to_vec()).collect();
    let run = |explorer: Explorer<Any>| {
        let scripts = scripts.clone();
        explore(&explorer, move || body(&scripts))
    };
    let (_, expected) = run(Explorer::naive().into_any());
    [Explorer::stateful().into_any(), Explorer::stateful().without_movers().into_any()].map(|explorer| {
        let (report, found) = run(explorer);
        assert_eq!(found, expected);
        report.states.expect("a search of states").count
    })
}

#[test]
fn an_empty_critical_section_is_one_step() {
    // None has added, one, the other, or both in either order; and main's six steps at the end,
    // after both orders.
    let joined = 5 + 2 * 6;
    // One has the lock, and the other has added or not. Main needs one more step to release each of
    // two locks.
    let apart = joined + 4 + 2 * 2;
    assert_eq!(states_of(&[&[Op::Add(0)], &[Op::Add(0)]]), [joined, apart]);
}

#[test]
fn two_locks_in_opposite_orders_are_a_deadlock() {
    let scripts = vec![vec![Op::Nest(0)], vec![Op::Nest(1)]];
    let (report, found) = explore(&Explorer::stateful(), move || body(&scripts));
    assert!(report.deadlocks > 0, "{report:?} {found:?}");
}

#[test]
fn a_task_that_is_spawned_under_a_lock_may_run_before_the_next_step() {
    let scripts = vec![vec![Op::Spawn(0)]];
    let (_, found) = explore(&Explorer::stateful(), move || body(&scripts));
    // It has added before the lock's owner reads, before main does, or not yet.
    let ends = [[10, 0, 10, 0, 1_000, 1_000], [10, 0, 0, 0, 1_000, 1_000], [0, 0, 0, 0, 1_000, 1_000]];
    assert_eq!(found, ends.map(|values| Outcome::Complete(values.to_vec())).into());
}

#[test]
#[should_panic(expected = "an unlisted map cannot list its keys")]
fn an_unlisted_map_cannot_list_its_keys() {
    Map::<u8, u8>::new().unlisted().len();
}

proptest! {
    #![proptest_config(many::many())]

    #[test]
    fn each_outcome_is_found(scripts in scripts()) {
        let run = move |explorer: Explorer<Any>| {
            let scripts = scripts.clone();
            explore(&explorer, move || body(&scripts))
        };
        let (joined, found) = run(Explorer::stateful().into_any());
        prop_assert!(joined.is_complete(), "{:?}", joined);
        let (apart, expected) = run(Explorer::stateful().without_movers().into_any());
        prop_assert_eq!(&found, &expected);
        let count = |report: &selvedge_engine::Report| report.states.as_ref().map(|states| states.count);
        prop_assert!(count(&joined) <= count(&apart));
        let (naive, expected) = run(Explorer::naive().max_executions(10_000).into_any());
        prop_assume!(naive.is_complete());
        prop_assert_eq!(&found, &expected);
    }
}
