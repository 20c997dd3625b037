//! shuttle: every interleaving, by depth-first search, under sequential consistency.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::panic;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use selvedge::sync::{self, AtomicU64, Clock, Entry, Key, Map, Primitives};
use shuttle::scheduler::DfsScheduler;
use shuttle::sync::{Mutex, MutexGuard};

use super::{Search, Simulated};
use crate::history::OperationId;
use crate::verdict::Budget;

shuttle::thread_local! {
    /// The operation that the thread is in.
    static CURRENT: Cell<OperationId> = Cell::new(OperationId::MAX);
}

/// The primitives of shuttle.
#[derive(Clone, Copy, Debug)]
pub struct Shuttle;

impl Primitives for Shuttle {
    type AtomicU64 = ShuttleAtomicU64;
    type Mutex<T: Send + 'static> = ShuttleMutex<T>;
    type Map<K: Key, V: Entry> = ShuttleMap<K, V>;
    type Clock = ShuttleClock;

    fn block_on<F: Future>(future: F) -> F::Output {
        shuttle::future::block_on(future)
    }
}

/// An atomic word of shuttle's. shuttle knows sequential consistency only, and warns of any weaker order: it gets
/// none.
#[derive(Debug)]
pub struct ShuttleAtomicU64(shuttle::sync::atomic::AtomicU64);

impl AtomicU64 for ShuttleAtomicU64 {
    fn new(_name: &'static str, value: u64) -> Self {
        ShuttleAtomicU64(shuttle::sync::atomic::AtomicU64::new(value))
    }

    fn load(&self, _ordering: Ordering) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn fetch_add(&self, value: u64, _ordering: Ordering) -> u64 {
        self.0.fetch_add(value, Ordering::SeqCst)
    }

    fn replace(&self, current: u64, new: u64, _success: Ordering) -> bool {
        self.0.compare_exchange(current, new, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

/// A lock of shuttle's.
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

/// A plain map under one of shuttle's locks. Never iterated; hashed without a seed, so that each execution is the same.
pub struct ShuttleMap<K, V> {
    entries: Mutex<HashMap<K, V, BuildHasherDefault<DefaultHasher>>>,
}

impl<K, V> ShuttleMap<K, V> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, V, BuildHasherDefault<DefaultHasher>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Key, V: Entry> Map<K, V> for ShuttleMap<K, V> {
    fn new(_name: &'static str) -> Self {
        ShuttleMap { entries: Mutex::default() }
    }

    fn get(&self, key: &K) -> Option<V> {
        self.lock().get(key).cloned()
    }

    fn insert(&self, key: K, value: V) {
        self.lock().insert(key, value);
    }

    fn remove(&self, key: &K) {
        self.lock().remove(key);
    }

    fn clear(&self) {
        self.lock().clear();
    }

    fn insert_if(&self, key: K, value: V, check: impl FnOnce() -> bool) -> bool {
        let mut entries = self.lock();
        let holds = check();
        if holds {
            entries.insert(key, value);
        }
        holds
    }
}

impl<K, V> fmt::Debug for ShuttleMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The entries are not shown: locking them would be a step of the program.
        f.debug_struct("ShuttleMap").finish_non_exhaustive()
    }
}

/// Virtual time under shuttle.
#[derive(Clone, Debug)]
pub struct ShuttleClock {
    /// `None` if it stands still: to read it is no step.
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
