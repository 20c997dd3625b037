//! Objects with a sequential specification: correct ones, and some that are not linearizable.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

use selvedge_sim::custom::engine::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use selvedge_sim::custom::engine::sync::{Arc, Condvar, Mutex};
use selvedge_sim::object::{Object, linearizable};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Call {
    Push(u64),
    Pop,
}
use Call::{Pop, Push};

/// A stack: `Push` answers `None`.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Stack(Vec<u64>);

impl Object for Stack {
    type Operation = Call;
    type Answer = Option<u64>;

    fn apply(&mut self, call: Call) -> Option<u64> {
        match call {
            Push(value) => {
                self.0.push(value);
                None
            }
            Pop => self.0.pop(),
        }
    }
}

/// A queue of at most two items: a refused `Push` answers its value.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Bounded(VecDeque<u64>);

const ROOM: usize = 2;

impl Object for Bounded {
    type Operation = Call;
    type Answer = Option<u64>;

    fn apply(&mut self, call: Call) -> Option<u64> {
        match call {
            Push(value) if self.0.len() == ROOM => Some(value),
            Push(value) => {
                self.0.push_back(value);
                None
            }
            Pop => self.0.pop_front(),
        }
    }
}

/// Treiber's stack ("Systems programming: coping with parallelism", 1986) over indexes: 0 is the
/// end of the list. No node is used twice, so there is no ABA problem.
struct Treiber {
    head: AtomicUsize,
    used: AtomicUsize,
    nodes: Vec<(AtomicU64, AtomicUsize)>,
    /// Whether `pop` stores the next node without a comparison.
    is_broken: bool,
}

impl Treiber {
    fn new(is_broken: bool) -> Self {
        let nodes = (0..8).map(|_| (AtomicU64::new(0), AtomicUsize::new(0))).collect();
        Treiber { head: AtomicUsize::new(0), used: AtomicUsize::new(1), nodes, is_broken }
    }

    fn call(&self, call: Call) -> Option<u64> {
        match call {
            Push(value) => {
                let new = self.used.fetch_add(1, SeqCst);
                self.nodes[new].0.store(value, SeqCst);
                loop {
                    let head = self.head.load(SeqCst);
                    self.nodes[new].1.store(head, SeqCst);
                    if self.head.compare_exchange(head, new, SeqCst, SeqCst).is_ok() {
                        return None;
                    }
                }
            }
            Pop => loop {
                let head = self.head.load(SeqCst);
                if head == 0 {
                    return None;
                }
                let (value, next) = &self.nodes[head];
                let next = next.load(SeqCst);
                if self.is_broken {
                    self.head.store(next, SeqCst);
                    return Some(value.load(SeqCst));
                }
                if self.head.compare_exchange(head, next, SeqCst, SeqCst).is_ok() {
                    return Some(value.load(SeqCst));
                }
            },
        }
    }
}

/// Vyukov's bounded queue: a sequence number in each slot. It is not linearizable: while a push has
/// reserved a slot and not filled it, a pop finds the queue empty although a later push has ended.
struct Vyukov {
    slots: Vec<(AtomicU64, AtomicU64)>,
    tail: AtomicU64,
    head: AtomicU64,
}

impl Vyukov {
    fn new() -> Self {
        let slots = (0..ROOM as u64).map(|at| (AtomicU64::new(at), AtomicU64::new(0))).collect();
        Vyukov { slots, tail: AtomicU64::new(0), head: AtomicU64::new(0) }
    }

    fn call(&self, call: Call) -> Option<u64> {
        let (end, ready) = if let Push(_) = call { (&self.tail, 0) } else { (&self.head, 1) };
        loop {
            let at = end.load(SeqCst);
            let (sequence, slot) = &self.slots[at as usize % ROOM];
            let found = sequence.load(SeqCst);
            if found < at + ready {
                return if let Push(value) = call { Some(value) } else { None };
            }
            if found > at + ready || end.compare_exchange(at, at + 1, SeqCst, SeqCst).is_err() {
                continue;
            }
            return match call {
                Push(value) => {
                    slot.store(value, SeqCst);
                    sequence.store(at + 1, SeqCst);
                    None
                }
                Pop => {
                    let value = slot.load(SeqCst);
                    sequence.store(at + ROOM as u64, SeqCst);
                    Some(value)
                }
            };
        }
    }
}

const CALLS: [Call; 3] = [Push(1), Push(2), Pop];

#[track_caller]
fn failure(check: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(check)).expect_err("it is not linearizable");
    panic.downcast_ref::<String>().expect("a message").clone()
}

#[test]
fn a_lock_free_stack_is_linearizable() {
    let stack = linearizable(Stack::default(), || Treiber::new(false), Treiber::call);
    let proof = stack.operations(CALLS).calls(3).threads(3).prove();
    assert_eq!(proof.clients, 82);
    assert!(proof.executions > 1_000, "{proof:?}");
}

#[test]
fn a_pop_without_a_comparison_takes_a_value_twice() {
    let stack = linearizable(Stack::default(), || Treiber::new(true), Treiber::call);
    let message = failure(|| _ = stack.operations(CALLS).calls(4).threads(3).prove());
    assert!(
        message.contains("not linearizable: no order of these calls explains their answers"),
        "{message}"
    );
    // The smallest client: a push, and a pop beside it or beside another pop.
    let calls = message.matches('╭').count();
    assert_eq!(calls, 3, "{message}");
}

#[test]
fn a_bounded_queue_under_a_lock_is_linearizable() {
    let build = || Mutex::new(Bounded::default());
    let call = |queue: &Mutex<Bounded>, call| queue.lock().expect("no panic").apply(call);
    let proof = linearizable(Bounded::default(), build, call).operations(CALLS).calls(4).threads(3).prove();
    assert!(proof.clients > 300, "{proof:?}");
}

/// The queue is correct for each item, but an empty answer can be wrong.
#[test]
fn a_queue_of_reserved_slots_answers_empty_although_a_push_has_ended() {
    let queue = linearizable(Bounded::default(), Vyukov::new, Vyukov::call);
    queue.clone().thread([Push(1), Pop]).check();
    let message = failure(|| drop(queue.thread([Push(1)]).thread([Push(2), Pop]).check()));
    assert!(message.contains("╰ None"), "{message}");
}

/// A map of one key whose concurrent loads share one call of the loader: the answer is the value
/// that the map then has.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Loaded(BTreeMap<u8, u64>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum OnMap {
    /// Returns the key's value; without one, loads this value.
    Load(u8, u64),
    Remove(u8),
}
use OnMap::{Load, Remove};

impl Object for Loaded {
    type Operation = OnMap;
    type Answer = Option<u64>;

    fn apply(&mut self, call: OnMap) -> Option<u64> {
        match call {
            Load(key, value) => Some(*self.0.entry(key).or_insert(value)),
            Remove(key) => {
                self.0.remove(&key);
                None
            }
        }
    }
}

/// A load in progress, or its result.
type Flight = Arc<(Mutex<Option<u64>>, Condvar)>;

struct SingleFlight {
    flights: Mutex<BTreeMap<u8, Flight>>,
    /// Whether a load stores its result even if its flight has been removed.
    is_broken: bool,
}

impl SingleFlight {
    fn new(is_broken: bool) -> Self {
        SingleFlight { flights: Mutex::new(BTreeMap::new()), is_broken }
    }

    fn call(&self, call: OnMap) -> Option<u64> {
        match call {
            Load(key, value) => {
                let mut flights = self.flights.lock().expect("no panic");
                if let Some(flight) = flights.get(&key).map(Arc::clone) {
                    drop(flights);
                    let mut result = flight.0.lock().expect("no panic");
                    while result.is_none() {
                        result = flight.1.wait(result).expect("no panic");
                    }
                    return *result;
                }
                let flight: Flight = Arc::new((Mutex::new(None), Condvar::new()));
                flights.insert(key, Arc::clone(&flight));
                drop(flights);
                *flight.0.lock().expect("no panic") = Some(value);
                flight.1.notify_all();
                if self.is_broken {
                    self.flights.lock().expect("no panic").insert(key, flight);
                }
                Some(value)
            }
            Remove(key) => {
                self.flights.lock().expect("no panic").remove(&key);
                None
            }
        }
    }
}

const ON_MAP: [OnMap; 3] = [Load(1, 1), Load(1, 2), Remove(1)];

#[test]
fn a_single_flight_map_is_linearizable() {
    let map = linearizable(Loaded::default(), || SingleFlight::new(false), SingleFlight::call);
    let proof = map.operations(ON_MAP).calls(3).threads(3).prove();
    assert_eq!(proof.clients, 82);
}

/// The load began before the removal, and its value replaces that of a load after it.
#[test]
fn a_load_that_outlives_a_removal_is_found() {
    let map = linearizable(Loaded::default(), || SingleFlight::new(true), SingleFlight::call);
    let message = failure(|| _ = map.operations(ON_MAP).calls(4).threads(2).prove());
    assert_eq!(message.matches('╭').count(), 4, "the smallest client has four calls: {message}");
}
