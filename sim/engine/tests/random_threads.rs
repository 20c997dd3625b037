//! Random programs of tasks that park, sleep, read the clock, spawn and join.

mod agreement;
mod many;
mod naive;

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use naive::{Seen, hold, hold_graphs, hold_states};
use proptest::prelude::*;
use selvedge_engine::object::Cell;
use selvedge_engine::sync::Mutex;
use selvedge_engine::sync::atomic::AtomicU64;
use selvedge_engine::thread::{self, Thread};
use selvedge_engine::time::Instant;
use selvedge_engine::{await_until, opaque};

/// An operation of a random program. The first number is the object.
#[derive(Clone, Copy, Debug)]
enum Op {
    Read(usize),
    Write(usize),
    Add(usize),
    /// Adds to the second if the first is 0.
    AddIfZero(usize, usize),
    LockAndAdd(usize),
    Park,
    ParkTimeout(u64),
    Unpark(usize),
    Sleep(u64),
    Now,
    /// Waits until one atomic is at least the other and their sum is at least this value.
    Await(u64),
    Opaque,
}

/// A part of a thread: operations, or tasks that it spawns.
#[derive(Clone, Debug)]
enum Part {
    Op(Op),
    /// Spawns a task that performs the first, performs the second, and joins the task.
    Spawn(Vec<Op>, Vec<Op>),
    /// The same, but first queries whether the task has ended.
    SpawnAndAsk(Vec<Op>, Vec<Op>),
    /// Two tasks in a scope.
    Scope(Vec<Op>, Vec<Op>),
    /// A task in a scope that spawns another into it and ends.
    ScopeNested(Vec<Op>, Vec<Op>),
}

const OBJECTS: usize = 2;

fn op() -> impl Strategy<Value = Op> {
    let object = 0..OBJECTS;
    prop_oneof![
        2 => object.clone().prop_map(Op::Read),
        2 => object.clone().prop_map(Op::Write),
        2 => object.clone().prop_map(Op::Add),
        1 => (object.clone(), object.clone()).prop_map(|(a, b)| Op::AddIfZero(a, b)),
        1 => object.clone().prop_map(Op::LockAndAdd),
        2 => Just(Op::Park),
        2 => (1..4u64).prop_map(Op::ParkTimeout),
        4 => (0..3usize).prop_map(Op::Unpark),
        3 => (1..4u64).prop_map(Op::Sleep),
        2 => Just(Op::Now),
        2 => (0..3u64).prop_map(Op::Await),
        1 => Just(Op::Opaque),
    ]
}

fn part() -> impl Strategy<Value = Part> {
    let ops = || proptest::collection::vec(op(), 0..=2);
    prop_oneof![
        6 => op().prop_map(Part::Op),
        1 => (ops(), ops()).prop_map(|(a, b)| Part::Spawn(a, b)),
        1 => (ops(), ops()).prop_map(|(a, b)| Part::SpawnAndAsk(a, b)),
        1 => (ops(), ops()).prop_map(|(a, b)| Part::Scope(a, b)),
        1 => (ops(), ops()).prop_map(|(a, b)| Part::ScopeNested(a, b)),
    ]
}

/// Threads with their parts. The first is the main task, which spawns the others, and joins them at
/// its end.
fn program() -> impl Strategy<Value = Vec<Vec<Part>>> {
    prop_oneof![
        proptest::collection::vec(proptest::collection::vec(part(), 1..=3), 2..=2),
        proptest::collection::vec(proptest::collection::vec(part(), 1..=2), 3..=3),
    ]
}

/// The shared objects.
struct Shared {
    cells: [Cell<u64>; OBJECTS],
    atomics: [Arc<AtomicU64>; OBJECTS],
    locks: [Mutex<u64>; OBJECTS],
    start: Instant,
}

/// A task's number in the program, and the tasks that it can unpark.
#[derive(Clone)]
struct Place {
    me: usize,
    others: Vec<Thread>,
    shared: Arc<Shared>,
    seen: Seen,
}

impl Place {
    fn child(&self, nth: usize) -> Place {
        let mut child = self.clone();
        child.me = 10 * (self.me + 1) + nth;
        child.others.push(thread::current());
        child
    }

    fn see(&self, value: u64) {
        self.seen.note(self.me, value);
    }

    fn run(&self, ops: &[Op]) {
        let shared = &self.shared;
        let own = self.me as u64 + 1;
        for &op in ops {
            match op {
                Op::Read(a) => self.see(shared.cells[a].get()),
                Op::Write(a) => shared.cells[a].set(own),
                Op::Add(a) => self.see(shared.atomics[a].fetch_add(1, SeqCst)),
                Op::AddIfZero(a, b) => {
                    if shared.atomics[a].load(SeqCst) == 0 {
                        shared.atomics[b].fetch_add(1, SeqCst);
                    }
                }
                Op::LockAndAdd(a) => {
                    let mut value = shared.locks[a].lock().unwrap();
                    self.see(*value);
                    *value += own;
                }
                Op::Park => thread::park(),
                Op::ParkTimeout(time) => thread::park_timeout(Duration::from_secs(time)),
                Op::Unpark(other) => {
                    if let Some(other) = self.others.get(other) {
                        other.unpark();
                    }
                }
                Op::Sleep(time) => thread::sleep(Duration::from_secs(time)),
                Op::Now => self.see(shared.start.elapsed().as_secs()),
                Op::Await(sum) => {
                    let [a, b] = shared.atomics.clone();
                    await_until(move || {
                        let (a, b) = (a.load(SeqCst), b.load(SeqCst));
                        a >= b && a + b >= sum
                    });
                }
                Op::Opaque => opaque(),
            }
        }
    }

    fn run_parts(&self, parts: &[Part]) {
        for part in parts {
            match part {
                Part::Op(op) => self.run(&[*op]),
                Part::Spawn(a, b) => {
                    let child = self.start(a);
                    self.run(b);
                    child.join().unwrap();
                }
                Part::SpawnAndAsk(a, b) => {
                    let child = self.start(a);
                    self.run(b);
                    self.see(child.is_finished().into());
                    child.join().unwrap();
                }
                Part::Scope(a, b) => thread::scope(|scope| {
                    for (nth, ops) in [a, b].into_iter().enumerate() {
                        let child = self.child(nth);
                        scope.spawn(move || child.run(ops));
                    }
                }),
                Part::ScopeNested(a, b) => thread::scope(|scope| {
                    let child = self.child(0);
                    let task = scope.spawn(move || {
                        child.run(a);
                        let grandchild = child.child(0);
                        scope.spawn(move || grandchild.run(b));
                    });
                    // This task joins the first, and then the scope joins all.
                    scope.spawn(move || task.join().unwrap());
                }),
            }
        }
    }

    fn start(&self, ops: &[Op]) -> thread::JoinHandle<()> {
        let (child, ops) = (self.child(0), ops.to_vec());
        thread::spawn(move || child.run(&ops))
    }
}

fn body(program: &[Vec<Part>], seen: &Seen) {
    let shared = Shared {
        cells: Default::default(),
        atomics: Default::default(),
        locks: Default::default(),
        start: Instant::now(),
    };
    let mut main = Place { me: 0, others: Vec::new(), shared: Arc::new(shared), seen: seen.clone() };
    let mut children = Vec::new();
    for (me, parts) in program.iter().enumerate().skip(1) {
        let (mut child, parts) = (main.clone(), parts.clone());
        child.me = me;
        child.others.insert(0, thread::current());
        let child = thread::spawn(move || child.run_parts(&parts));
        main.others.push(child.thread().clone());
        children.push(child);
    }
    main.run_parts(&program[0]);
    for child in children {
        child.join().unwrap();
    }
    main.run(&[Op::Read(0), Op::Read(1), Op::Now]);
}

proptest! {
    #![proptest_config(many::many())]

    #[test]
    fn optimal_finds_each_class_of_the_naive_search_once(program in program()) {
        hold(move |seen| body(&program, seen))?;
    }

    #[test]
    fn a_search_of_states_finds_each_outcome_of_the_naive_search(program in program()) {
        hold_states(move |seen| body(&program, seen))?;
    }

    #[test]
    fn a_search_of_graphs_finds_each_outcome_of_the_naive_search(program in program()) {
        hold_graphs(move |seen| body(&program, seen))?;
    }
}
