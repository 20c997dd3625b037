//! The plainest cache-aside, on each engine from the same source.
//!
//! A reader looks in L1; on a miss it reads L2 and fills L1. A writer writes L2 and empties L1. The tiers are maps of
//! the cache's seam with one key: a lock around a plain map under loom and shuttle. The main thread spawns the readers,
//! then the writer, and joins them in this order.
//!
//! Each engine is given its own `Arc`, as its manual asks. For loom it matters: the reference count is one more object at
//! which threads meet. With `std`'s, which loom does not see, it makes 54 executions instead of 162 for one reader, and
//! comes to an end for two, after 43,420.

use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use selvedge::sync::Map;
use selvedge_sim::backends::{Loom, Shuttle, Simulated};
use selvedge_sim::verdict::Budget;

use crate::engine::Engine;
use crate::measurement::Measurement;

/// A program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Program {
    /// One reader, one writer.
    #[value(name = "1R1W")]
    OneReader,
    /// Two readers, one writer.
    #[value(name = "2R1W")]
    TwoReaders,
}

impl Program {
    /// Its name in reports and arguments.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Program::OneReader => "1R1W",
            Program::TwoReaders => "2R1W",
        }
    }

    fn readers(self) -> usize {
        match self {
            Program::OneReader => 1,
            Program::TwoReaders => 2,
        }
    }
}

/// Explores the program on the engine, within the budget.
pub(crate) fn measure(engine: Engine, program: Program, budget: Duration) -> Measurement {
    let start = Instant::now();
    let budget = Budget { schedules: None, time: Some(budget) };
    let search = match engine {
        Engine::Loom => Loom::explore(budget, move || cache_aside::<Loom>(program.readers())),
        Engine::Shuttle => Shuttle::explore(budget, move || cache_aside::<Shuttle>(program.readers())),
    };
    Measurement {
        program: program.name().to_owned(),
        engine: engine.name().to_owned(),
        executions: Some(search.executions),
        complete: search.complete,
        wall_ms: start.elapsed().as_millis() as u64,
    }
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

struct Tiers<P: Simulated> {
    l1: P::Map<(), u64>,
    l2: P::Map<(), u64>,
}

/// One execution, with one writer.
fn cache_aside<P: Shares>(readers: usize) {
    let tiers = P::share(Tiers::<P> { l1: Map::new("L1"), l2: Map::new("L2") });
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
    fn executions(engine: Engine) -> u64 {
        let measurement = measure(engine, Program::OneReader, Duration::from_secs(60));
        assert!(measurement.complete);
        measurement.executions.expect("an engine in this process reports")
    }

    #[test]
    fn loom_needs_162_executions_for_one_reader_and_one_writer() {
        assert_eq!(executions(Engine::Loom), 162);
    }

    #[test]
    fn shuttle_needs_1781_executions_for_one_reader_and_one_writer() {
        assert_eq!(executions(Engine::Shuttle), 1_781);
    }

    #[test]
    fn a_search_that_the_budget_ends_is_not_complete() {
        for engine in Engine::value_variants() {
            let measurement = measure(*engine, Program::TwoReaders, Duration::from_millis(20));
            assert!(!measurement.complete, "{measurement:?}");
        }
    }
}
