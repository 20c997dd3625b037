//! Random programs whose guards perform operations while their tasks unwind: they are explored like
//! all others.

mod agreement;
mod many;
mod naive;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use naive::{Seen, hold, hold_graphs, hold_states};
use proptest::prelude::*;
use selvedge_engine::sync::atomic::AtomicU64;
use selvedge_engine::sync::{Mutex, PoisonError, TryLockError};
use selvedge_engine::thread;

/// An operation. The number is the object.
#[derive(Clone, Copy, Debug)]
enum Op {
    Load(usize),
    Store(usize, u64),
    Add(usize),
    LockAndAdd(usize),
    TryLock(usize),
    /// Records the result of `std::thread::panicking`.
    Unwinds,
}

/// A part of a thread.
#[derive(Clone, Debug)]
enum Part {
    Op(Op),
    /// Creates a guard that performs these operations when dropped.
    Guard(Vec<Op>),
    /// Takes the lock until the thread ends.
    Hold(usize),
    Panic,
    /// Panics if the atomic has this value.
    PanicIf(usize, u64),
    /// Catches panics of these parts, and continues.
    Catch(Vec<Part>),
    /// Creates a guard that catches a panic of its own between these two.
    GuardThatCatches(Op, Op),
    /// Creates a guard that spawns a task with these operations, and joins it.
    GuardThatSpawns(Vec<Op>),
    /// Two tasks in a scope; the second panics.
    Scope(Vec<Op>, Vec<Op>),
}

const OBJECTS: usize = 2;

fn op() -> impl Strategy<Value = Op> {
    let object = 0..OBJECTS;
    prop_oneof![
        3 => object.clone().prop_map(Op::Load),
        3 => (object.clone(), 1..3u64).prop_map(|(object, value)| Op::Store(object, value)),
        1 => object.clone().prop_map(Op::Add),
        2 => object.clone().prop_map(Op::LockAndAdd),
        2 => object.prop_map(Op::TryLock),
        1 => Just(Op::Unwinds),
    ]
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    proptest::collection::vec(op(), 1..=2)
}

fn part() -> impl Strategy<Value = Part> {
    let object = 0..OBJECTS;
    let leaf = prop_oneof![
        4 => op().prop_map(Part::Op),
        4 => ops().prop_map(Part::Guard),
        2 => object.clone().prop_map(Part::Hold),
        2 => Just(Part::Panic),
        2 => (object, 0..3u64).prop_map(|(object, value)| Part::PanicIf(object, value)),
        1 => (op(), op()).prop_map(|(first, second)| Part::GuardThatCatches(first, second)),
        1 => ops().prop_map(Part::GuardThatSpawns),
        1 => (ops(), ops()).prop_map(|(first, second)| Part::Scope(first, second)),
    ];
    leaf.prop_recursive(2, 6, 3, |part| proptest::collection::vec(part, 1..=3).prop_map(Part::Catch))
}

/// The parts of a thread. Most panic, so that most guards are dropped while their task unwinds.
fn thread_of(most: usize) -> impl Strategy<Value = Vec<Part>> {
    (proptest::collection::vec(part(), 1..=most), any::<u8>()).prop_map(|(mut parts, panics)| {
        if panics % 4 > 0 {
            parts.push(Part::Panic);
        }
        parts
    })
}

/// Threads with their parts, and whether main joins them.
fn program() -> impl Strategy<Value = (Vec<Vec<Part>>, bool)> {
    let threads = prop_oneof![
        4 => proptest::collection::vec(thread_of(2), 2..=2),
        1 => proptest::collection::vec(thread_of(1), 3..=3),
    ];
    (threads, any::<bool>())
}

struct Shared {
    atomics: [AtomicU64; OBJECTS],
    locks: [Mutex<u64>; OBJECTS],
}

/// A task's number in the program.
#[derive(Clone)]
struct Place {
    me: usize,
    shared: Arc<Shared>,
    seen: Seen,
}

impl Place {
    fn see(&self, value: u64) {
        self.seen.note(self.me, value);
    }

    fn run(&self, op: Op) {
        match op {
            Op::Load(object) => self.see(self.shared.atomics[object].load(SeqCst)),
            Op::Store(object, value) => self.shared.atomics[object].store(value, SeqCst),
            Op::Add(object) => self.see(self.shared.atomics[object].fetch_add(1, SeqCst)),
            Op::LockAndAdd(object) => {
                let lock = self.shared.locks[object].lock();
                self.see(lock.is_err().into());
                let mut value = lock.unwrap_or_else(PoisonError::into_inner);
                *value += 1;
                self.see(*value);
            }
            Op::TryLock(object) => match self.shared.locks[object].try_lock() {
                Ok(value) => self.see(*value),
                Err(TryLockError::Poisoned(value)) => self.see(100 + *value.into_inner()),
                Err(TryLockError::WouldBlock) => self.see(99),
            },
            Op::Unwinds => self.see(200 + u64::from(std::thread::panicking())),
        }
    }

    fn run_all(&self, ops: &[Op]) {
        for &op in ops {
            self.run(op);
        }
    }

    /// Performs the first part, with the rest inside it if the part lasts until they end.
    fn go(&self, parts: &[Part]) {
        let Some((part, rest)) = parts.split_first() else { return };
        let _drops: Option<OnDrop<'_>> = match part {
            Part::Op(op) => {
                self.run(*op);
                None
            }
            Part::Guard(ops) => Some(OnDrop(Box::new(|| self.run_all(ops)))),
            Part::Hold(object) => {
                let held = self.shared.locks[*object].lock().unwrap_or_else(PoisonError::into_inner);
                return {
                    let _held = held;
                    self.go(rest);
                };
            }
            Part::Panic => panic!("as it was to"),
            Part::PanicIf(object, value) => {
                assert!(self.shared.atomics[*object].load(SeqCst) != *value, "it reads as {value}");
                None
            }
            Part::Catch(parts) => {
                let caught = catch_unwind(AssertUnwindSafe(|| self.go(parts)));
                self.see(300 + u64::from(caught.is_err()));
                None
            }
            Part::GuardThatCatches(first, second) => Some(OnDrop(Box::new(|| {
                let body = || {
                    let _inner = OnDrop(Box::new(|| self.run(*second)));
                    self.run(*first);
                    panic!("one of its own");
                };
                catch_unwind(AssertUnwindSafe(body)).unwrap_err();
            }))),
            Part::GuardThatSpawns(ops) => Some(OnDrop(Box::new(|| {
                let (mut child, ops) = (self.clone(), ops.clone());
                child.me += 10;
                thread::spawn(move || child.run_all(&ops)).join().unwrap();
            }))),
            Part::Scope(first, second) => {
                let child = |nth| Place { me: self.me + nth, ..self.clone() };
                let (one, other) = (child(20), child(30));
                thread::scope(|scope| {
                    scope.spawn(move || one.run_all(first));
                    scope.spawn(move || {
                        let _guard = OnDrop(Box::new(|| other.run_all(second)));
                        panic!("in a scope");
                    });
                });
                None
            }
        };
        self.go(rest);
    }
}

/// Calls this closure when dropped.
struct OnDrop<'a>(Box<dyn Fn() + 'a>);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn run(threads: &[Vec<Part>], joins: bool, seen: &Seen) {
    let shared = Arc::new(Shared {
        atomics: [AtomicU64::new(0), AtomicU64::new(0)],
        locks: [Mutex::new(0), Mutex::new(0)],
    });
    let place = |me| Place { me, shared: Arc::clone(&shared), seen: seen.clone() };
    let spawn = |(nth, parts): (usize, &Vec<Part>)| {
        let (place, parts) = (place(nth + 1), parts.clone());
        thread::spawn(move || place.go(&parts))
    };
    let tasks: Vec<_> = threads.iter().enumerate().map(spawn).collect();
    let main = place(0);
    main.run(Op::Load(0));
    if joins {
        for task in tasks {
            main.see(task.join().is_err().into());
        }
        main.run_all(&[Op::Load(0), Op::Load(1)]);
    }
}

proptest! {
    #![proptest_config(many::many())]

    #[test]
    fn operations_while_unwinding_are_explored((threads, joins) in program()) {
        hold(move |seen| run(&threads, joins, seen))?;
    }

    #[test]
    fn operations_while_unwinding_are_explored_by_states((threads, joins) in program()) {
        hold_states(move |seen| run(&threads, joins, seen))?;
    }

    #[test]
    fn operations_while_unwinding_are_explored_by_graphs((threads, joins) in program()) {
        hold_graphs(move |seen| run(&threads, joins, seen))?;
    }
}
