//! A minimal cache-aside, on each engine from the same source.
//!
//! A reader reads L1; on a miss it reads L2 and fills L1. A writer writes L2 and invalidates L1.
//! The tiers are maps of the cache's seam with one key. Under loom and shuttle they are a mutex
//! around a plain map; under our engine the same, and in a second variant the engine's own map. The
//! main thread spawns the readers, then the writer, and joins them in this order.
//!
//! Each engine uses its own `Arc`, as its manual requires. This matters for loom, where the
//! reference count is another shared object. With `std`'s `Arc`, which loom does not instrument, it
//! runs 54 executions instead of 162 for one reader, and completes two readers after 43,420
//! executions.

use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use selvedge::sync::{Map, Primitives, TierName};
use selvedge_sim::backends::{self, Loom, Shuttle, Simulated};
use selvedge_sim::verdict::Budget;

use crate::engine::BenchEngine;
use crate::locked_map::LockedMap;
use crate::measurement::Measurement;
use crate::supervisor;

/// A size of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CacheAsideSize {
    /// One reader, one writer.
    #[value(name = "1R1W")]
    OneReader,
    /// Two readers, one writer.
    #[value(name = "2R1W")]
    TwoReaders,
}

impl CacheAsideSize {
    /// The name in reports and arguments.
    pub(crate) fn name(self) -> &'static str {
        match self {
            CacheAsideSize::OneReader => "1R1W",
            CacheAsideSize::TwoReaders => "2R1W",
        }
    }

    fn readers(self) -> usize {
        match self {
            CacheAsideSize::OneReader => 1,
            CacheAsideSize::TwoReaders => 2,
        }
    }
}

/// Explores the program on the engine, within the budget.
pub(crate) fn measure(engine: BenchEngine, program: CacheAsideSize, budget: Duration) -> Measurement {
    let start = Instant::now();
    let budget = Budget { time: Some(budget), ..Budget::default() };
    let readers = program.readers();
    let search = match engine {
        BenchEngine::Loom => {
            Loom::explore(budget, move || cache_aside::<Loom, <Loom as Primitives>::Map<_, _>>(readers))
        }
        BenchEngine::Shuttle => Shuttle::explore(budget, move || {
            cache_aside::<Shuttle, <Shuttle as Primitives>::Map<_, _>>(readers)
        }),
        BenchEngine::SelvedgeLocks => {
            backends::Engine::explore(budget, move || cache_aside::<backends::Engine, LockedMap>(readers))
        }
        BenchEngine::Selvedge => backends::Engine::explore(budget, move || {
            cache_aside::<backends::Engine, backends::EngineMap<_, _>>(readers)
        }),
    };
    Measurement {
        program: program.name().to_owned(),
        engine: engine.name().to_owned(),
        executions: Some(search.executions),
        complete: search.complete,
        wall_ms: start.elapsed().as_millis() as u64,
    }
}

/// Measures the engine on the program in another process.
pub(crate) fn measure_apart(
    engine: BenchEngine,
    program: CacheAsideSize,
    budget: Duration,
) -> Result<Measurement, supervisor::Failure> {
    let start = Instant::now();
    let seconds = budget.as_secs().to_string();
    let measured =
        supervisor::run(&["measure", engine.name(), program.name(), "--budget", &seconds], budget)?;
    Ok(measured.unwrap_or_else(|| Measurement {
        program: program.name().to_owned(),
        engine: engine.name().to_owned(),
        executions: None,
        complete: false,
        wall_ms: start.elapsed().as_millis() as u64,
    }))
}

/// An engine with its shared pointer.
trait Shares: Simulated {
    type Arc<T: Send + Sync + 'static>: Clone + Deref<Target = T> + Send + 'static;

    fn share<T: Send + Sync + 'static>(value: T) -> Self::Arc<T>;
}

impl Shares for Loom {
    type Arc<T: Send + Sync + 'static> = loom::sync::Arc<T>;

    fn share<T: Send + Sync + 'static>(value: T) -> Self::Arc<T> {
        loom::sync::Arc::new(value)
    }
}

/// shuttle's own `Arc` is `std`'s.
impl Shares for Shuttle {
    type Arc<T: Send + Sync + 'static> = Arc<T>;

    fn share<T: Send + Sync + 'static>(value: T) -> Self::Arc<T> {
        Arc::new(value)
    }
}

/// The engine has no `Arc` of its own.
impl Shares for backends::Engine {
    type Arc<T: Send + Sync + 'static> = Arc<T>;

    fn share<T: Send + Sync + 'static>(value: T) -> Self::Arc<T> {
        Arc::new(value)
    }
}

struct Tiers<M> {
    l1: M,
    l2: M,
}

/// Runs one execution, with one writer.
fn cache_aside<P: Shares, M: Map<(), u64> + 'static>(readers: usize) {
    let tiers = P::share(Tiers::<M> { l1: M::new(TierName::Local), l2: M::new(TierName::Other("L2")) });
    tiers.l2.insert((), 0);
    let mut threads = Vec::new();
    for _ in 0..readers {
        let tiers = tiers.clone();
        threads.push(P::spawn("reader", move || {
            if tiers.l1.get(&()).is_none() {
                let value = tiers.l2.get(&()).expect("L2 is never empty");
                tiers.l1.insert((), value);
            }
        }));
    }
    let written = tiers.clone();
    threads.push(P::spawn("writer", move || {
        written.l2.insert((), 1);
        written.l1.remove(&());
    }));
    for thread in threads {
        P::join(thread);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn executions(engine: BenchEngine, program: CacheAsideSize) -> u64 {
        let measurement = measure(engine, program, Duration::from_secs(60));
        assert!(measurement.complete);
        measurement.executions.expect("an engine in this process returns its count")
    }

    #[test]
    fn loom_needs_162_executions_for_one_reader_and_one_writer() {
        assert_eq!(executions(BenchEngine::Loom, CacheAsideSize::OneReader), 162);
    }

    #[test]
    fn shuttle_needs_1781_executions_for_one_reader_and_one_writer() {
        assert_eq!(executions(BenchEngine::Shuttle, CacheAsideSize::OneReader), 1_781);
    }

    #[test]
    fn selvedge_runs_one_execution_per_class() {
        assert_eq!(executions(BenchEngine::Selvedge, CacheAsideSize::OneReader), 5);
        assert_eq!(executions(BenchEngine::Selvedge, CacheAsideSize::TwoReaders), 48);
    }

    /// Two readers that lock the same mutex do not commute, so there are more classes.
    #[test]
    fn selvedge_runs_one_execution_per_class_with_locks() {
        assert_eq!(executions(BenchEngine::SelvedgeLocks, CacheAsideSize::OneReader), 5);
        assert_eq!(executions(BenchEngine::SelvedgeLocks, CacheAsideSize::TwoReaders), 106);
    }

    #[test]
    fn a_search_that_exceeds_the_budget_is_not_complete() {
        for engine in [BenchEngine::Loom, BenchEngine::Shuttle] {
            let measurement = measure(engine, CacheAsideSize::TwoReaders, Duration::from_millis(20));
            assert!(!measurement.complete, "{measurement:?}");
        }
    }
}
