//! shuttle, with each of two of its schedulers: depth first, which can come to an end, and random, which cannot.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64 as Count, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use shuttle::scheduler::{DfsScheduler, RandomScheduler, Scheduler};
use shuttle::sync::atomic::{AtomicU64, Ordering::SeqCst};
use shuttle::sync::{Mutex, mpsc};
use shuttle::{Config, MaxSteps, Runner, future, thread};

use super::tool::{Search, Tool};

/// How many schedules the random scheduler draws. It is not told a time: it would report a failure when that is over.
const SAMPLE: usize = 20_000;

/// The steps after which a schedule is given up. An unfair one, which lets a thread spin for ever, has no end of its own;
/// the longest of the others has some fifty.
const MAX_STEPS: usize = 1_000;

/// One of shuttle's schedulers.
pub(crate) trait Scheduling: 'static {
    /// Whether all schedules have been run when it stops by itself.
    const EXHAUSTIVE: bool;

    fn scheduler() -> impl Scheduler + 'static;

    fn max_time(budget: Duration) -> Option<Duration>;
}

pub(crate) struct DepthFirst;

impl Scheduling for DepthFirst {
    const EXHAUSTIVE: bool = true;

    fn scheduler() -> impl Scheduler + 'static {
        DfsScheduler::new(None, false)
    }

    fn max_time(budget: Duration) -> Option<Duration> {
        Some(budget)
    }
}

pub(crate) struct Random;

impl Scheduling for Random {
    const EXHAUSTIVE: bool = false;

    fn scheduler() -> impl Scheduler + 'static {
        RandomScheduler::new_from_seed(0, SAMPLE)
    }

    fn max_time(_budget: Duration) -> Option<Duration> {
        None
    }
}

pub(crate) struct Shuttle<S>(PhantomData<S>);

impl<S: Scheduling> Tool for Shuttle<S> {
    /// shuttle's own `Arc` is `std`'s.
    type Arc<T: Send + Sync + 'static> = Arc<T>;
    type Atomic = AtomicU64;
    type Mutex<T: Send + 'static> = Mutex<T>;
    type Sender = mpsc::Sender<u64>;
    type Receiver = mpsc::Receiver<u64>;
    type JoinHandle = thread::JoinHandle<()>;

    fn share<T: Send + Sync + 'static>(value: T) -> Arc<T> {
        Arc::new(value)
    }

    fn atomic(value: u64) -> AtomicU64 {
        AtomicU64::new(value)
    }

    fn load(atomic: &AtomicU64) -> u64 {
        atomic.load(SeqCst)
    }

    fn store(atomic: &AtomicU64, value: u64) {
        atomic.store(value, SeqCst);
    }

    fn fetch_add(atomic: &AtomicU64, value: u64) -> u64 {
        atomic.fetch_add(value, SeqCst)
    }

    fn wait_until(atomic: &AtomicU64, condition: impl Fn(u64) -> bool + 'static) {
        while !condition(atomic.load(SeqCst)) {
            thread::yield_now();
        }
    }

    fn mutex<T: Send + 'static>(value: T) -> Mutex<T> {
        Mutex::new(value)
    }

    fn with<T: Send + 'static, R>(mutex: &Mutex<T>, action: impl FnOnce(&mut T) -> R) -> R {
        action(&mut mutex.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn channel() -> (Self::Sender, Self::Receiver) {
        mpsc::channel()
    }

    fn send(sender: &Self::Sender, item: u64) {
        sender.send(item).expect("the receiver is there until the last item");
    }

    fn receive(receiver: &Self::Receiver) -> u64 {
        receiver.recv().expect("as many items are sent as are waited for")
    }

    fn spawn(body: impl FnOnce() + Send + 'static) -> Self::JoinHandle {
        thread::spawn(body)
    }

    fn join(handle: Self::JoinHandle) {
        handle.join().expect("no program here panics");
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        future::block_on(future)
    }

    fn search(budget: Duration, body: impl Fn() + Send + Sync + 'static) -> Search {
        let mut config = Config::new();
        config.max_time = S::max_time(budget);
        config.max_steps = MaxSteps::ContinueAfter(MAX_STEPS);
        let finished = Arc::new(Count::new(0));
        let counted = Arc::clone(&finished);
        let start = Instant::now();
        let executions = Runner::new(S::scheduler(), config).run(move || {
            body();
            counted.fetch_add(1, Ordering::Relaxed);
        }) as u64;
        let none_given_up = finished.load(Ordering::Relaxed) == executions;
        let complete = S::EXHAUSTIVE && none_given_up && start.elapsed() < budget;
        Search { executions, complete, events: None }
    }
}
