//! shuttle, with two of its schedulers: depth-first, which can complete, and random, which cannot.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use shuttle::scheduler::{DfsScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, MaxSteps, Runner};

use super::std_api::std_api;
use super::tool::{Search, Tool, yield_until};

/// Number of schedules that the random scheduler draws. It has no time limit, because shuttle
/// reports a failure when the limit is reached.
const SAMPLE: usize = 20_000;

/// Number of steps after which a schedule is aborted. An unfair schedule, in which a thread spins
/// forever, does not terminate; the longest of the others has about 50 steps.
const MAX_STEPS: usize = 1_000;

/// One of shuttle's schedulers.
pub(crate) trait Scheduling: 'static {
    /// Whether the scheduler stops only after it has run all schedules.
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
    // shuttle's own `Arc` is `std`'s.
    std_api!(sync: shuttle::sync, thread: shuttle::thread, arc: std::sync);

    fn wait_until(atomic: &Self::Atomic, condition: impl Fn(u64) -> bool + 'static) {
        yield_until::<Self>(atomic, condition, shuttle::thread::yield_now);
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        shuttle::future::block_on(future)
    }

    fn search(budget: Duration, body: impl Fn() + Send + Sync + 'static) -> Search {
        let mut config = Config::new();
        config.max_time = S::max_time(budget);
        config.max_steps = MaxSteps::ContinueAfter(MAX_STEPS);
        let finished = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&finished);
        let start = Instant::now();
        let executions = Runner::new(S::scheduler(), config).run(move || {
            body();
            counted.fetch_add(1, Ordering::Relaxed);
        }) as u64;
        let none_aborted = finished.load(Ordering::Relaxed) == executions;
        let complete = S::EXHAUSTIVE && none_aborted && start.elapsed() < budget;
        Search { executions, complete, events: None }
    }
}
