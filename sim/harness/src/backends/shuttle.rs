//! shuttle: explores every interleaving by depth-first search, or a random sample from a seed,
//! under sequential consistency.

use std::cell::Cell;
use std::collections::VecDeque;
use std::panic;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use selvedge::sync::{self, AtomicU64, Clock, Entry, Key, Primitives};
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};
use shuttle::sync::Mutex;

use super::locked::{Entries, LockedMap, LockedQueue};
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
    type Map<K: Key, V: Entry> = LockedMap<K, V, ShuttleMutex<Entries<K, V>>>;
    type Queue<T: Send + 'static> = LockedQueue<T, ShuttleMutex<VecDeque<T>>>;
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
