//! Every interleaving.

use crate::capability::{CountsPreemptions, ManyRuns, Sealed, SearchMode};
use crate::explorer::Explorer;
use crate::search::{NewStrategy, StrategySource};
use crate::strategy::AllInterleavings;

/// Explores every interleaving. For small programs, and as the reference for the other modes.
///
/// [`Report::executions`](crate::Report::executions) is the number of interleavings of the
/// operations, if the search is complete.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Naive {}

impl Explorer<Naive> {
    /// Explores every interleaving. For small programs, and as the reference for the optimal
    /// strategy.
    pub fn naive() -> Self {
        Explorer::new(Naive {})
    }
}

impl StrategySource for Naive {
    fn strategy(&self) -> NewStrategy {
        NewStrategy::of_schedules(AllInterleavings::default())
    }
}

impl SearchMode for Naive {}
impl CountsPreemptions for Naive {}
impl ManyRuns for Naive {}
impl Sealed for Naive {}
