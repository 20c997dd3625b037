//! Random scripts, some of them symmetric: exchanging the scripts and their values gives the same
//! outcomes.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::ops::ControlFlow;

use proptest::prelude::*;
use selvedge_engine::mode::SearchMode;
use selvedge_engine::object::{Cell, Map};
use selvedge_engine::sync::atomic::{AtomicU64, Ordering::SeqCst};
use selvedge_engine::sync::{Arc, Mutex};
use selvedge_engine::{Alike, Ending, Explorer, Report, Script, Symbol, symmetric, thread};

use crate::many;

/// A value that a script writes: its own, or the initial one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Value(u64);

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Symbol(self.0).hash(state);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    /// Copies the value of one key to another.
    Copy(u8, u8),
    /// Writes its own value.
    Put(u8),
    /// Writes its own value if the key is empty.
    PutIfAbsent(u8),
    Remove(u8),
    /// Takes a lock while it copies.
    LockAndCopy(u8),
    /// Increments the counter, and stores the previous count.
    Count,
    /// Removes the value if the count is the same as then.
    RemoveIfCounted(u64, u8),
    /// Publishes its own value.
    Show,
    /// Stores the published value under a key.
    KeepShown(u8),
    /// Spawns a task that writes the value of the script, and does not wait for it.
    PutLater(u8),
    /// Spawns a task that copies the value of one key to the other, waits for it, and writes its
    /// own value.
    CopyThenPut(u8),
}

fn op() -> impl Strategy<Value = Op> {
    let key = 0..2u8;
    prop_oneof![
        3 => (key.clone(), key.clone()).prop_map(|(from, to)| Op::Copy(from, to)),
        4 => key.clone().prop_map(Op::Put),
        2 => key.clone().prop_map(Op::PutIfAbsent),
        2 => key.clone().prop_map(Op::Remove),
        2 => key.clone().prop_map(Op::LockAndCopy),
        1 => Just(Op::Count),
        1 => (0..3u64, key.clone()).prop_map(|(count, key)| Op::RemoveIfCounted(count, key)),
        1 => Just(Op::Show),
        1 => key.clone().prop_map(Op::KeepShown),
        2 => key.clone().prop_map(Op::PutLater),
        1 => key.prop_map(Op::CopyThenPut),
    ]
}

/// For each class of scripts, the number of its members and their operations.
fn classes() -> impl Strategy<Value = Vec<(usize, Vec<Op>)>> {
    let one = |count| proptest::collection::vec(op(), 1..=2).prop_map(move |ops| (count, ops));
    prop_oneof![
        one(2).prop_map(|one| vec![one]),
        one(3).prop_map(|one| vec![one]),
        (one(2), one(1)).prop_map(|(one, other)| vec![one, other]),
        (one(2), one(2)).prop_map(|(one, other)| vec![one, other]),
    ]
}

struct Shared {
    map: Arc<Map<u8, Value>>,
    lock: Mutex<()>,
    count: AtomicU64,
    shown: Cell<Value>,
}

fn perform(shared: &Shared, &(own, op): &(Value, Op)) {
    let copy = |from, to| copy(&shared.map, from, to);
    let spawn = |write: fn(&Map<u8, Value>, Value, u8), key| {
        let map = Arc::clone(&shared.map);
        thread::spawn(move || write(&map, own, key))
    };
    match op {
        Op::Copy(from, to) => copy(from, to),
        Op::Put(key) => drop(shared.map.insert(key, own)),
        Op::PutIfAbsent(key) => shared.map.update(key, |value| {
            value.get_or_insert(own);
        }),
        Op::Remove(key) => drop(shared.map.remove(&key)),
        Op::LockAndCopy(from) => {
            let _guard = shared.lock.lock().unwrap();
            copy(from, 1 - from);
        }
        Op::Count => drop(shared.count.fetch_add(1, SeqCst)),
        Op::RemoveIfCounted(count, key) => {
            if shared.count.load(SeqCst) == count {
                shared.map.remove(&key);
            }
        }
        Op::Show => shared.shown.set(own),
        Op::KeepShown(key) => drop(shared.map.insert(key, shared.shown.get())),
        Op::PutLater(key) => drop(spawn(put, key)),
        Op::CopyThenPut(key) => {
            spawn(|map, _, key| self::copy(map, key, 1 - key), key).join().unwrap();
            shared.map.insert(key, own);
        }
    }
}

fn put(map: &Map<u8, Value>, own: Value, key: u8) {
    map.insert(key, own);
}

fn copy(map: &Map<u8, Value>, from: u8, to: u8) {
    match map.get(&from) {
        Some(value) => drop(map.insert(to, value)),
        None => drop(map.remove(&to)),
    }
}

type Outcome = Vec<Option<Value>>;

/// Runs the scripts, and records the final value of each key. The nth script writes the value n,
/// from 1.
fn body(classes: &[(usize, Vec<Op>)], outcome: &Arc<std::sync::Mutex<Outcome>>) {
    let map = Map::hashed("a map");
    map.insert(0, Value(0));
    let map = Arc::new(map);
    let shared =
        Arc::new(Shared { map, lock: Mutex::new(()), count: AtomicU64::new(0), shown: Cell::new(Value(0)) });
    let scripts = classes.iter().zip(0..).flat_map(|((count, ops), class)| vec![(class, ops); *count]);
    let scripts = scripts.zip(1..).map(|((class, ops), own)| {
        let operations = ops.iter().map(|&op| (Value(own), op)).collect();
        let writes = ops.iter().any(|op| {
            !matches!(
                op,
                Op::Copy(..)
                    | Op::Remove(_)
                    | Op::LockAndCopy(_)
                    | Op::Count
                    | Op::RemoveIfCounted(..)
                    | Op::KeepShown(_)
            )
        });
        let symbols = if writes { vec![own] } else { Vec::new() };
        (Script { name: format!("script {own}"), operations }, Alike { class, symbols })
    });
    symmetric(&shared, scripts, perform);
    *outcome.lock().unwrap() = (0..2).map(|key| shared.map.get(&key)).collect();
}

fn explore(
    explorer: &Explorer<impl SearchMode>,
    classes: &[(usize, Vec<Op>)],
) -> (Report, BTreeSet<Outcome>) {
    let last = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (own, its) = (Arc::clone(&last), classes.to_vec());
    let mut outcomes = BTreeSet::new();
    let report = explorer.run_each(
        move || body(&its, &own),
        |run| {
            assert_eq!(*run.ending(), Ending::Complete);
            outcomes.insert(last.lock().unwrap().clone());
            ControlFlow::Continue(())
        },
    );
    (report, outcomes)
}

/// Closes the outcomes under all exchanges of the members of each class.
fn closed(outcomes: &BTreeSet<Outcome>, classes: &[(usize, Vec<Op>)]) -> BTreeSet<Outcome> {
    let mut all = outcomes.clone();
    let mut first = 1;
    for &(count, _) in classes {
        // Exchanges of neighbours generate every permutation.
        for _ in 0..count {
            for low in first..first + count as u64 - 1 {
                let swap = |value: Value| match value.0 {
                    own if own == low => Value(low + 1),
                    own if own == low + 1 => Value(low),
                    _ => value,
                };
                let swapped: Vec<Outcome> =
                    all.iter().map(|outcome| outcome.iter().map(|value| value.map(swap)).collect()).collect();
                all.extend(swapped);
            }
        }
        first += count as u64;
    }
    all
}

proptest! {
    #![proptest_config(many::many())]

    #[test]
    fn each_outcome_is_found_up_to_symmetry(classes in classes()) {
        let (naive, expected) = explore(&Explorer::optimal().max_executions(20_000), &classes);
        prop_assume!(naive.is_complete());
        let (stateful, found) = explore(&Explorer::stateful(), &classes);
        prop_assert!(stateful.is_complete(), "{:?}", stateful);
        prop_assert!(found.is_subset(&expected));
        prop_assert_eq!(closed(&found, &classes), expected);
    }
}

#[test]
fn children_are_exchanged_with_their_parents() {
    let classes = [(2, vec![Op::PutLater(0)]), (1, vec![Op::Copy(0, 1)])];
    let asymmetric = [(1, vec![Op::PutLater(0)]), (1, vec![Op::PutLater(0)]), (1, vec![Op::Copy(0, 1)])];
    let states = |classes: &[(usize, Vec<Op>)], jobs| {
        let (classes, last) = (classes.to_vec(), Arc::default());
        let report = Explorer::stateful().jobs(jobs).run(move || body(&classes, &last));
        assert!(report.is_complete(), "{report:?}");
        report.states.unwrap().count
    };
    let (one, all) = (states(&classes, 1), states(&asymmetric, 1));
    assert!(one < all && all < 2 * one, "{one} of {all}");
    for jobs in [2, 3, 8] {
        assert_eq!(states(&classes, jobs), one, "{jobs} workers");
    }
}

#[test]
fn symmetric_states_are_one_state() {
    let states =
        |classes: &[(usize, Vec<Op>)]| explore(&Explorer::stateful(), classes).0.states.unwrap().count;
    // The initial state; none, one or both have written; then the value is read, under two keys.
    assert_eq!(states(&[(2, vec![Op::Put(0)])]), 1 + 3 + 2);
    // One of the two, and the owner of the value if both have written.
    assert_eq!(states(&[(1, vec![Op::Put(0)]), (1, vec![Op::Put(0)])]), 1 + (1 + 2 + 2) + 2 * 2);
}
