//! loom: explores every execution of a small case under C11's weak memory.
//!
//! A model has at most [`loom::MAX_THREADS`] threads, including the main thread.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::panic;
use std::sync::atomic::{self, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use loom::sync::{Mutex, MutexGuard};
use selvedge::sync::{self, AtomicU64, Clock, Entry, Insertion, Key, Map, Primitives, Queue, TierName};

use super::{Search, Simulated};
use crate::history::OperationId;
use crate::verdict::Budget;

loom::thread_local! {
    /// The thread's current operation.
    static CURRENT: Cell<OperationId> = Cell::new(OperationId::MAX);
}

/// The primitives of loom.
#[derive(Clone, Copy, Debug)]
pub struct Loom;

impl Primitives for Loom {
    type AtomicU64 = LoomAtomicU64;
    type Mutex<T: Send + 'static> = LoomMutex<T>;
    type Map<K: Key, V: Entry> = LoomMap<K, V>;
    type Queue<T: Send + 'static> = LoomQueue<T>;
    type Clock = LoomClock;

    fn block_on<F: Future>(future: F) -> F::Output {
        loom::future::block_on(future)
    }
}

/// An atomic word on loom.
#[derive(Debug)]
pub struct LoomAtomicU64(loom::sync::atomic::AtomicU64);

impl AtomicU64 for LoomAtomicU64 {
    fn new(_name: &'static str, value: u64) -> Self {
        LoomAtomicU64(loom::sync::atomic::AtomicU64::new(value))
    }

    fn load(&self, ordering: Ordering) -> u64 {
        self.0.load(ordering)
    }

    fn store(&self, value: u64, ordering: Ordering) {
        self.0.store(value, ordering);
    }

    fn fetch_add(&self, value: u64, ordering: Ordering) -> u64 {
        self.0.fetch_add(value, ordering)
    }

    fn replace(&self, current: u64, new: u64, success: Ordering) -> bool {
        self.0.compare_exchange(current, new, success, Ordering::Relaxed).is_ok()
    }
}

/// A lock on loom.
#[derive(Debug)]
pub struct LoomMutex<T>(Mutex<T>);

impl<T: Send> sync::Mutex<T> for LoomMutex<T> {
    fn new(_name: &'static str, value: T) -> Self {
        LoomMutex(Mutex::new(value))
    }

    fn with<R>(&self, action: impl FnOnce(&mut T) -> R) -> R {
        action(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A plain map, with tags, under a loom lock. The hash has no seed, so that executions are
/// repeatable.
pub struct LoomMap<K, V> {
    entries: Mutex<Entries<K, V>>,
}

type Entries<K, V> = HashMap<K, (V, u64), BuildHasherDefault<DefaultHasher>>;

impl<K, V> LoomMap<K, V> {
    #[track_caller]
    fn lock(&self) -> MutexGuard<'_, Entries<K, V>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Key, V: Entry> Map<K, V> for LoomMap<K, V> {
    fn new(_tier: TierName) -> Self {
        LoomMap { entries: Mutex::default() }
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

impl<K, V> fmt::Debug for LoomMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Omits the entries: locking them would be a step of the program.
        f.debug_struct("LoomMap").finish_non_exhaustive()
    }
}

/// A plain queue under a loom lock.
pub struct LoomQueue<T> {
    items: Mutex<VecDeque<T>>,
}

impl<T: Send> Queue<T> for LoomQueue<T> {
    fn new(_name: &'static str) -> Self {
        LoomQueue { items: Mutex::new(VecDeque::new()) }
    }

    fn push(&self, item: T) {
        self.items.lock().unwrap_or_else(PoisonError::into_inner).push_back(item);
    }

    fn pop(&self) -> Option<T> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

impl<T> fmt::Debug for LoomQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Omits the items: locking them would be a step of the program.
        f.debug_struct("LoomQueue").finish_non_exhaustive()
    }
}

/// Virtual time under loom.
#[derive(Clone, Debug)]
pub struct LoomClock {
    /// `None` if the time is constant: reading it is then no step.
    nanoseconds: Option<Arc<loom::sync::atomic::AtomicU64>>,
}

impl Clock for LoomClock {
    fn now(&self) -> Duration {
        let Some(nanoseconds) = &self.nanoseconds else { return Duration::ZERO };
        // A load could return an old time under weak memory. A real clock shows all threads the
        // same time.
        Duration::from_nanos(nanoseconds.fetch_add(0, Ordering::AcqRel))
    }
}

impl Simulated for Loom {
    const MOST_THREADS: Option<usize> = Some(loom::MAX_THREADS - 1);

    type JoinHandle = loom::thread::JoinHandle<()>;

    fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Self::JoinHandle {
        loom::thread::Builder::new().name(name.to_owned()).spawn(body).expect("loom spawns, or panics itself")
    }

    fn join(handle: Self::JoinHandle) {
        if let Err(payload) = handle.join() {
            panic::resume_unwind(payload);
        }
    }

    fn clock(moves: bool) -> LoomClock {
        LoomClock { nanoseconds: moves.then(|| Arc::new(loom::sync::atomic::AtomicU64::new(0))) }
    }

    fn advance(clock: &LoomClock, by: Duration) {
        let nanoseconds = clock.nanoseconds.as_ref().expect("the clock moves");
        nanoseconds.fetch_add(by.as_nanos() as u64, Ordering::AcqRel);
    }

    fn enter(operation: OperationId) {
        CURRENT.with(|current| current.set(operation));
    }

    fn current() -> OperationId {
        CURRENT.with(Cell::get)
    }

    fn explore(budget: Budget, execution: impl Fn() + Send + Sync + 'static) -> Search {
        let mut model = loom::model::Builder::new();
        // loom checks its bounds only at a checkpoint, before an execution that it has already
        // counted.
        model.checkpoint_interval = 1;
        model.max_duration = budget.time;
        model.max_permutations = budget.schedules.map(|most| most as usize + 1);
        let executions = Arc::new(atomic::AtomicU64::new(0));
        let counted = executions.clone();
        let start = Instant::now();
        model.check(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            execution();
        });
        Search::within(budget, executions.load(Ordering::Relaxed), start.elapsed())
    }
}
