//! The spawn order of tasks does not change the number of classes.
//!
//! This property needs no other search to compare with, so it is tested on programs that are too
//! large for the naive one. It revealed that a race must be reversed again whenever the events
//! after it differ: half of the searches missed a class of the program below.

#[path = "many/mod.rs"]
mod many;

use std::collections::HashSet;
use std::ops::ControlFlow;

use proptest::prelude::*;
use selvedge_engine::object::Map;
use selvedge_engine::sync::atomic::{AtomicU64, Ordering::SeqCst};
use selvedge_engine::sync::{Arc, Mutex};
use selvedge_engine::{Explorer, thread};

/// The number of classes; `None` if there are too many.
fn classes(jobs: usize, body: impl Fn() + Clone + Send + Sync + 'static) -> Option<u64> {
    let explorer = Explorer::optimal().max_executions(20_000).jobs(jobs).sharing_always();
    let (report, _) = explorer.observe(|| (body.clone(), ()));
    assert_eq!(report.redundant, 0);
    report.is_complete().then_some(report.executions)
}

/// Two tiers. The first forgets its values when the clock advances.
struct Tiers {
    local: Map<u8, (u64, u64)>,
    remote: Map<u8, u64>,
    clock: AtomicU64,
}

impl Tiers {
    fn get(&self, key: u8) {
        if self.local.get(&key).is_some_and(|(_, until)| self.clock.load(SeqCst) < until) {
            return;
        }
        let Some(value) = self.remote.get(&key) else { return };
        let now = self.clock.load(SeqCst);
        self.local.insert(key, (value, now + 60));
    }

    fn write(&self, key: u8, value: Option<u64>) {
        self.local.remove(&key);
        match value {
            Some(value) => drop(self.remote.insert(key, value)),
            None => drop(self.remote.remove(&key)),
        }
    }
}

#[test]
fn spawn_order_of_an_independent_key() {
    let count = |tasks: &'static str, jobs| {
        classes(jobs, move || {
            let (local, remote, clock) = (Map::new(), Map::new(), AtomicU64::new(0));
            let tiers = Arc::new(Tiers { local, remote, clock });
            for key in [1, 2] {
                tiers.remote.insert(key, 0);
                tiers.local.insert(key, (0, 60));
            }
            for task in tasks.chars() {
                let tiers = Arc::clone(&tiers);
                thread::spawn(move || match task {
                    'd' => tiers.write(1, None),
                    'r' => tiers.get(1),
                    's' => {
                        tiers.get(1);
                        tiers.write(1, Some(1));
                    }
                    'o' => tiers.get(2),
                    _ => assert!(tiers.clock.fetch_add(60, SeqCst) == 0),
                });
            }
        })
    };
    // The other key is read before or after the clock advances, independently of the rest.
    let (rest, other) = (count("drsc", 1).unwrap(), count("oc", 1).unwrap());
    assert_eq!((rest, other), (306, 2));
    for tasks in ["drsco", "drosc", "odrsc", "codrs", "sdroc"] {
        for jobs in [1, 2] {
            assert_eq!(count(tasks, jobs), Some(rest * other), "{tasks} {jobs}");
        }
    }
}

/// An operation of a random program on one of three words.
#[derive(Clone, Copy, Debug)]
enum Op {
    Load(usize),
    Store(usize),
    Add(usize),
    Cas(usize),
    /// Loads one word, and the next if the first has its initial value.
    LoadBoth(usize),
    Lock(usize),
    /// Performs it under the lock.
    CopyUnder(usize),
}

fn program() -> impl Strategy<Value = Vec<Vec<Op>>> {
    let at = 0..3usize;
    let op = prop_oneof![
        3 => at.clone().prop_map(Op::Load),
        2 => at.clone().prop_map(Op::Store),
        1 => at.clone().prop_map(Op::Add),
        1 => at.clone().prop_map(Op::Cas),
        2 => at.clone().prop_map(Op::LoadBoth),
        1 => at.clone().prop_map(Op::Lock),
        1 => at.prop_map(Op::CopyUnder),
    ];
    proptest::collection::vec(proptest::collection::vec(op, 1..=4), 3..=5)
}

fn run(tasks: &[(u64, Vec<Op>)]) {
    let words = Arc::new([0; 3].map(AtomicU64::new));
    let locks = Arc::new([0; 3].map(Mutex::new));
    for (own, ops) in tasks.iter().cloned() {
        let (words, locks) = (Arc::clone(&words), Arc::clone(&locks));
        thread::spawn(move || {
            for op in ops {
                match op {
                    Op::Load(at) => assert!(words[at].load(SeqCst) < u64::MAX),
                    Op::Store(at) => words[at].store(own, SeqCst),
                    Op::Add(at) => assert!(words[at].fetch_add(1, SeqCst) < u64::MAX),
                    Op::Cas(at) => drop(words[at].compare_exchange(0, own, SeqCst, SeqCst)),
                    Op::LoadBoth(at) => {
                        if words[at].load(SeqCst) == 0 {
                            assert!(words[(at + 1) % 3].load(SeqCst) < u64::MAX);
                        }
                    }
                    Op::Lock(at) => *locks[at].lock().unwrap() += 1,
                    Op::CopyUnder(at) => {
                        let mut held = locks[at].lock().unwrap();
                        *held = words[at].load(SeqCst);
                    }
                }
            }
        });
    }
}

/// The smallest program that was found: one of its 58 classes was missed.
#[test]
fn spawn_order_of_five_tasks() {
    let tasks: Vec<(u64, Vec<Op>)> = vec![
        (1, vec![Op::Cas(1)]),
        (2, vec![Op::Load(0), Op::Load(1)]),
        (3, vec![Op::Store(0)]),
        (4, vec![Op::Store(1)]),
        (5, vec![Op::LoadBoth(0), Op::LoadBoth(2)]),
    ];
    let program = tasks.clone();
    let mut all = HashSet::new();
    Explorer::naive().run_each(
        move || run(&program),
        |run| {
            all.insert(run.class());
            ControlFlow::Continue(())
        },
    );
    assert_eq!(all.len(), 58);
    for turned in 0..5 {
        let mut tasks = tasks.clone();
        tasks.rotate_left(turned);
        let reversed: Vec<_> = tasks.iter().rev().cloned().collect();
        assert_eq!(classes(1, move || run(&tasks)), Some(58), "{turned}");
        assert_eq!(classes(1, move || run(&reversed)), Some(58), "{turned}, the last first");
    }
}

proptest! {
    #![proptest_config(many::many())]

    #[test]
    fn spawn_order_of_random_programs(program in program(), by in 1..5usize) {
        let tasks: Vec<(u64, Vec<Op>)> = (1..).zip(program).collect();
        let count = |jobs, turned: usize, is_reversed: bool| {
            let mut tasks = tasks.clone();
            let turned = turned % tasks.len();
            tasks.rotate_left(turned);
            if is_reversed {
                tasks.reverse();
            }
            classes(jobs, move || run(&tasks))
        };
        let first = count(1, 0, false);
        prop_assume!(first.is_some());
        prop_assert_eq!(count(1, by, false), first);
        prop_assert_eq!(count(1, by, true), first);
        prop_assert_eq!(count(2, 0, true), first);
    }
}
