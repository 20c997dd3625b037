//! shuttle: explores every interleaving by depth-first search, or a random sample from a seed,
//! under sequential consistency.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::panic;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use selvedge::sync::{self, AtomicU64, Clock, Entry, Insertion, Key, Map, Primitives, Queue, TierName};
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};
use shuttle::sync::{Mutex, MutexGuard};

use super::{Search, Simulated};
use crate::history::OperationId;
use crate::verdict::Budget;

shuttle::thread_local! {
    /// The thread's current operation.
    static CURRENT: Cell<OperationId> = Cell::new(OperationId::MAX);
}

/// The primitives of shuttle.
#[derive(Clone, Copy, Debug)]
pub struct Shuttle;

/// How schedules are sampled, for a case that has too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// Each step runs an enabled task, chosen uniformly.
    Random,
    /// By priorities that change at a few steps. Burckhardt, Kothari, Musuvathi, Nagarakatte: "A
    /// randomized scheduler with probabilistic guarantees of finding bugs" (ASPLOS 2010).
    Pct {
        /// The bug depth: the number of priority changes plus one.
        depth: usize,
    },
}

impl Shuttle {
    /// Runs `execution` in `schedules` schedules, sampled by the seed. Panics at the first panic or
    /// deadlock.
    pub fn draw(by: Draw, seed: u64, schedules: u64, execution: impl Fn() + Send + Sync + 'static) -> Search {
        let most = schedules as usize;
        let executions = match by {
            Draw::Random => run(RandomScheduler::new_from_seed(seed, most), execution),
            Draw::Pct { depth } => run(PctScheduler::new_from_seed(seed, depth, most), execution),
        };
        Search { executions, complete: false }
    }
}

fn run(schedules: impl Scheduler + 'static, execution: impl Fn() + Send + Sync + 'static) -> u64 {
    shuttle::Runner::new(schedules, shuttle::Config::new()).run(execution) as u64
}

impl Primitives for Shuttle {
    type AtomicU64 = ShuttleAtomicU64;
    type Mutex<T: Send + 'static> = ShuttleMutex<T>;
    type Map<K: Key, V: Entry> = ShuttleMap<K, V>;
    type Queue<T: Send + 'static> = ShuttleQueue<T>;
    type Clock = ShuttleClock;

    fn block_on<F: Future>(future: F) -> F::Output {
        shuttle::future::block_on(future)
    }
}

/// An atomic word on shuttle. shuttle supports only sequential consistency and warns about weaker
/// orderings, so all accesses are `SeqCst`.
#[derive(Debug)]
pub struct ShuttleAtomicU64(shuttle::sync::atomic::AtomicU64);

impl AtomicU64 for ShuttleAtomicU64 {
    fn new(_name: &'static str, value: u64) -> Self {
        ShuttleAtomicU64(shuttle::sync::atomic::AtomicU64::new(value))
    }

    fn load(&self, _ordering: Ordering) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn store(&self, value: u64, _ordering: Ordering) {
        self.0.store(value, Ordering::SeqCst);
    }

    fn fetch_add(&self, value: u64, _ordering: Ordering) -> u64 {
        self.0.fetch_add(value, Ordering::SeqCst)
    }

    fn replace(&self, current: u64, new: u64, _success: Ordering) -> bool {
        self.0.compare_exchange(current, new, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

/// A lock on shuttle.
#[derive(Debug)]
pub struct ShuttleMutex<T>(Mutex<T>);

impl<T: Send> sync::Mutex<T> for ShuttleMutex<T> {
    fn new(_name: &'static str, value: T) -> Self {
        ShuttleMutex(Mutex::new(value))
    }

    fn with<R>(&self, action: impl FnOnce(&mut T) -> R) -> R {
        action(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A plain map, with tags, under a shuttle lock. The hash has no seed, so that executions are
/// repeatable.
pub struct ShuttleMap<K, V> {
    entries: Mutex<Entries<K, V>>,
}

type Entries<K, V> = HashMap<K, (V, u64), BuildHasherDefault<DefaultHasher>>;

impl<K, V> ShuttleMap<K, V> {
    fn lock(&self) -> MutexGuard<'_, Entries<K, V>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Key, V: Entry> Map<K, V> for ShuttleMap<K, V> {
    fn new(_tier: TierName) -> Self {
        ShuttleMap { entries: Mutex::default() }
    }

    fn get(&self, key: &K) -> Option<V> {
        self.lock().get(key).map(|(value, _)| value.clone())
    }

    fn touch(&self, key: &K, bits: u64) -> Option<V> {
        let mut entries = self.lock();
        let (value, tag) = entries.get_mut(key)?;
        *tag |= bits;
        Some(value.clone())
    }

    fn insert(&self, key: K, value: V) -> Option<(V, u64)> {
        self.lock().insert(key, (value, 0))
    }

    fn remove(&self, key: &K) -> Option<(V, u64)> {
        self.lock().remove(key)
    }

    fn insert_with(&self, key: K, make: impl FnOnce(Option<(&V, u64)>) -> Option<(V, u64)>) -> Insertion<V> {
        let mut entries = self.lock();
        let old = entries.get(&key);
        let Some(new) = make(old.map(|(value, tag)| (value, *tag))) else { return Insertion::Refused };
        match entries.insert(key, new) {
            Some((value, tag)) => Insertion::Replaced(value, tag),
            None => Insertion::New,
        }
    }

    fn remove_unless(&self, key: &K, keep: impl FnOnce(&V, u64) -> Option<u64>) -> Option<(V, u64)> {
        let mut entries = self.lock();
        let (value, tag) = entries.get_mut(key)?;
        match keep(value, *tag) {
            Some(new) => {
                *tag = new;
                None
            }
            None => entries.remove(key),
        }
    }

    fn clear(&self, mut each: impl FnMut(&K, &V, u64)) {
        let mut keys: Vec<K> = self.lock().keys().cloned().collect();
        // A hash map does not specify the order of its keys.
        keys.sort_by_key(|key| BuildHasherDefault::<DefaultHasher>::default().hash_one(key));
        for key in keys {
            if let Some((value, tag)) = self.remove(&key) {
                each(&key, &value, tag);
            }
        }
    }
}

impl<K, V> fmt::Debug for ShuttleMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Omits the entries: locking them would be a step of the program.
        f.debug_struct("ShuttleMap").finish_non_exhaustive()
    }
}

/// A plain queue under a shuttle lock.
pub struct ShuttleQueue<T> {
    items: Mutex<VecDeque<T>>,
}

impl<T: Send> Queue<T> for ShuttleQueue<T> {
    fn new(_name: &'static str) -> Self {
        ShuttleQueue { items: Mutex::new(VecDeque::new()) }
    }

    fn push(&self, item: T) {
        self.items.lock().unwrap_or_else(PoisonError::into_inner).push_back(item);
    }

    fn pop(&self) -> Option<T> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

impl<T> fmt::Debug for ShuttleQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Omits the items: locking them would be a step of the program.
        f.debug_struct("ShuttleQueue").finish_non_exhaustive()
    }
}

/// Virtual time under shuttle.
#[derive(Clone, Debug)]
pub struct ShuttleClock {
    /// `None` if the time is constant: reading it is then no step.
    nanoseconds: Option<Arc<shuttle::sync::atomic::AtomicU64>>,
}

impl Clock for ShuttleClock {
    fn now(&self) -> Duration {
        let Some(nanoseconds) = &self.nanoseconds else { return Duration::ZERO };
        Duration::from_nanos(nanoseconds.load(Ordering::SeqCst))
    }
}

impl Simulated for Shuttle {
    type JoinHandle = shuttle::thread::JoinHandle<()>;

    fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Self::JoinHandle {
        shuttle::thread::Builder::new()
            .name(name.to_owned())
            .spawn(body)
            .expect("shuttle spawns, or panics itself")
    }

    fn join(handle: Self::JoinHandle) {
        if let Err(payload) = handle.join() {
            panic::resume_unwind(payload);
        }
    }

    fn clock(moves: bool) -> ShuttleClock {
        ShuttleClock { nanoseconds: moves.then(|| Arc::new(shuttle::sync::atomic::AtomicU64::new(0))) }
    }

    fn advance(clock: &ShuttleClock, by: Duration) {
        let nanoseconds = clock.nanoseconds.as_ref().expect("the clock moves");
        nanoseconds.fetch_add(by.as_nanos() as u64, Ordering::SeqCst);
    }

    fn enter(operation: OperationId) {
        CURRENT.with(|current| current.set(operation));
    }

    fn current() -> OperationId {
        CURRENT.with(Cell::get)
    }

    fn explore(budget: Budget, execution: impl Fn() + Send + Sync + 'static) -> Search {
        let mut config = shuttle::Config::new();
        config.max_time = budget.time;
        let schedules = DfsScheduler::new(budget.schedules.map(|most| most as usize), false);
        let start = Instant::now();
        let executions = shuttle::Runner::new(schedules, config).run(execution);
        Search::within(budget, executions as u64, start.elapsed())
    }
}
