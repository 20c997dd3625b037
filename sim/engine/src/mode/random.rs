//! Random samples of the schedules.

use crate::capability::{CountsPreemptions, ManyRuns, Sealed, SearchMode};
use crate::explorer::Explorer;
use crate::search::{NewStrategy, StrategySource};
use crate::strategy::{RandomPriorities, RandomWalk};

/// Explores random schedules: at each step, each enabled task has the same probability.
///
/// [`Report::executions`](crate::Report::executions) is the size of the sample, which can contain
/// a schedule several times.
#[derive(Clone, Copy, Debug)]
pub struct Random {
    seed: u64,
}

impl Explorer<Random> {
    /// Explores `executions` random schedules: at each step, each enabled task has the same
    /// probability. The same seed gives the same schedules on every machine.
    ///
    /// The search can miss bugs: the report is [bounded](crate::Bound::Executions). For programs
    /// that are too large for an exhaustive search.
    pub fn random(seed: u64, executions: u64) -> Self {
        Explorer::new(Random { seed }).max_executions(executions)
    }
}

impl StrategySource for Random {
    fn strategy(&self) -> NewStrategy {
        NewStrategy::of_schedules(RandomWalk::new(self.seed))
    }

    fn seed(&self) -> Option<u64> {
        Some(self.seed)
    }
}

/// Explores schedules by probabilistic concurrency testing: random priorities of tasks, with a few
/// changes.
///
/// [`Report::executions`](crate::Report::executions) is the size of the sample, which can contain
/// a schedule several times.
#[derive(Clone, Copy, Debug)]
pub struct Pct {
    seed: u64,
    depth: usize,
}

impl Explorer<Pct> {
    /// Explores `executions` schedules by probabilistic concurrency testing (Burckhardt et al.,
    /// ASPLOS 2010): each task has a random priority, the enabled task with the highest priority
    /// runs, and at `depth - 1` random steps the priority of the next task is changed to one below
    /// all others. One execution finds a bug that needs `depth` orderings with a probability of at
    /// least 1/(n·k^(depth-1)), with n tasks and k steps. Most bugs need two or three orderings.
    ///
    /// The number of steps is estimated from the earlier executions. The same seed gives the same
    /// schedules.
    pub fn pct(seed: u64, depth: usize, executions: u64) -> Self {
        Explorer::new(Pct { seed, depth }).max_executions(executions)
    }
}

impl StrategySource for Pct {
    fn strategy(&self) -> NewStrategy {
        NewStrategy::of_schedules(RandomPriorities::new(self.seed, self.depth))
    }

    fn seed(&self) -> Option<u64> {
        Some(self.seed)
    }
}

impl SearchMode for Random {}
impl CountsPreemptions for Random {}
impl ManyRuns for Random {}
impl Sealed for Random {}

impl SearchMode for Pct {}
impl CountsPreemptions for Pct {}
impl ManyRuns for Pct {}
impl Sealed for Pct {}
