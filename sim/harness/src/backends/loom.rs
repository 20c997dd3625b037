//! loom: every execution of a small case under C11's weak memory.
//!
//! A model may have [`loom::MAX_THREADS`] threads, the main one included.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::panic;
use std::sync::atomic::{self, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use loom::sync::{Mutex, MutexGuard};
use selvedge::sync::{self, AtomicU64, Clock, Entry, Key, Map, Primitives};

use super::{Search, Simulated};
use crate::history::OperationId;
use crate::verdict::Budget;

loom::thread_local! {
    /// The operation that the thread is in.
    static CURRENT: Cell<OperationId> = Cell::new(OperationId::MAX);
}

/// The primitives of loom.
#[derive(Clone, Copy, Debug)]
pub struct Loom;

impl Primitives for Loom {
    type AtomicU64 = LoomAtomicU64;
    type Mutex<T: Send + 'static> = LoomMutex<T>;
    type Map<K: Key, V: Entry> = LoomMap<K, V>;
    type Clock = LoomClock;

    fn block_on<F: Future>(future: F) -> F::Output {
        loom::future::block_on(future)
    }
}

/// An atomic word of loom's.
#[derive(Debug)]
pub struct LoomAtomicU64(loom::sync::atomic::AtomicU64);

impl AtomicU64 for LoomAtomicU64 {
    fn new(_name: &'static str, value: u64) -> Self {
        LoomAtomicU64(loom::sync::atomic::AtomicU64::new(value))
    }

    fn load(&self, ordering: Ordering) -> u64 {
        self.0.load(ordering)
    }

    fn fetch_add(&self, value: u64, ordering: Ordering) -> u64 {
        self.0.fetch_add(value, ordering)
    }

    fn replace(&self, current: u64, new: u64, success: Ordering) -> bool {
        self.0.compare_exchange(current, new, success, Ordering::Relaxed).is_ok()
    }
}

/// A lock of loom's.
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

/// A plain map under one of loom's locks. Never iterated; hashed without a seed, so that each execution is the same.
pub struct LoomMap<K, V> {
    entries: Mutex<HashMap<K, V, BuildHasherDefault<DefaultHasher>>>,
}

impl<K, V> LoomMap<K, V> {
    #[track_caller]
    fn lock(&self) -> MutexGuard<'_, HashMap<K, V, BuildHasherDefault<DefaultHasher>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Key, V: Entry> Map<K, V> for LoomMap<K, V> {
    fn new(_name: &'static str) -> Self {
        LoomMap { entries: Mutex::default() }
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

impl<K, V> fmt::Debug for LoomMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The entries are not shown: locking them would be a step of the program.
        f.debug_struct("LoomMap").finish_non_exhaustive()
    }
}

/// Virtual time under loom.
#[derive(Clone, Debug)]
pub struct LoomClock {
    /// `None` if it stands still: to read it is no step.
    nanoseconds: Option<Arc<loom::sync::atomic::AtomicU64>>,
}

impl Clock for LoomClock {
    fn now(&self) -> Duration {
        let Some(nanoseconds) = &self.nanoseconds else { return Duration::ZERO };
        // Not a load, which weak memory lets see an old time: a real clock shows the same to all threads.
        Duration::from_nanos(nanoseconds.fetch_add(0, Ordering::AcqRel))
    }
}

impl Simulated for Loom {
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
        // loom looks at its bounds only at a checkpoint; and before an execution, which it has then counted already.
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
