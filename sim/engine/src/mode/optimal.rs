//! Each class of schedules once.

use crate::capability::{ManyRuns, Sealed, SearchMode, SharesWork};
use crate::dpor::Route;
use crate::explorer::Explorer;
use crate::search::{NewStrategy, StrategySource, WorkerStrategies};
use crate::strategy::OptimalDpor;
use crate::work_queue;

/// Explores each Mazurkiewicz class of schedules exactly once: schedules that differ only in the
/// order of operations that do not conflict are one class.
///
/// [`Report::executions`](crate::Report::executions) is the number of classes, if the search is
/// complete. [`Report::redundant`](crate::Report::redundant) is 0.
///
/// It has no bound on preemptions: it runs one schedule for many, and the others may have fewer
/// preemptions.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Optimal {}

impl Explorer<Optimal> {
    /// Explores each Mazurkiewicz class of schedules exactly once.
    pub fn optimal() -> Self {
        Explorer::new(Optimal {})
    }
}

impl StrategySource for Optimal {
    fn strategy(&self) -> NewStrategy {
        NewStrategy::of_schedules(OptimalDpor::new(None))
    }

    fn for_workers(&self, jobs: usize, shares_always: bool) -> WorkerStrategies<'_> {
        let queues = match jobs {
            1 => vec![None],
            _ => {
                let queues = work_queue::connected(jobs, vec![Route::default()], shares_always);
                queues.into_iter().map(Some).collect()
            }
        };
        let strategy = |queue| NewStrategy::of_schedules(OptimalDpor::new(queue));
        WorkerStrategies::connected(queues, strategy)
    }
}

impl SearchMode for Optimal {}
impl SharesWork for Optimal {}
impl ManyRuns for Optimal {}
impl Sealed for Optimal {}
