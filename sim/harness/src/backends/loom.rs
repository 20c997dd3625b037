//! loom: explores every execution of a small case under C11's weak memory.
//!
//! A model has at most [`loom::MAX_THREADS`] threads, including the main thread.

use std::cell::Cell;
use std::collections::VecDeque;
use std::panic;
use std::sync::atomic::{self, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use loom::sync::Mutex;
use selvedge::sync::{self, AtomicU64, Clock, Entry, Key, Primitives};

use super::locked::{Entries, LockedMap, LockedQueue};
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
    type Map<K: Key, V: Entry> = LockedMap<K, V, LoomMutex<Entries<K, V>>>;
    type Queue<T: Send + 'static> = LockedQueue<T, LoomMutex<VecDeque<T>>>;
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
