//! A search mode with a bound on preemptions.

use crate::capability::{CountsPreemptions, ManyRuns, Sealed, SearchMode};
use crate::explorer::Explorer;
use crate::search::{NewStrategy, StrategySource};
use crate::stateful::Part;
use crate::strategy::{AnyStrategy, Preemptions, StateModel};

/// The mode `M`, without the schedules that have more preemptions than a bound.
///
/// [`Report::executions`](crate::Report::executions) counts as in `M`. The report is
/// [bounded](crate::Bound::Preemptions) if a schedule was left out. Set the settings that only `M`
/// has before the bound.
#[derive(Clone, Copy, Debug)]
pub struct PreemptionBounded<M> {
    mode: M,
    max: usize,
}

impl<M> Explorer<M> {
    /// Leaves out schedules with more preemptions than this: context switches away from an enabled
    /// task. Many bugs need one or two. The report is [bounded](crate::Bound::Preemptions) if any
    /// schedule was left out.
    pub fn max_preemptions(self, preemptions: usize) -> Explorer<PreemptionBounded<M>>
    where
        M: CountsPreemptions,
    {
        let Explorer { mode, settings } = self;
        Explorer { mode: PreemptionBounded { mode, max: preemptions }, settings }
    }
}

impl<M: CountsPreemptions> StrategySource for PreemptionBounded<M> {
    fn strategy(&self) -> NewStrategy {
        match self.mode.strategy().0 {
            AnyStrategy::Schedules(inner) => {
                NewStrategy::of_schedules(Preemptions::new(inner, self.max, false))
            }
            AnyStrategy::Graphs(_) => unreachable!("a search of graphs counts no preemptions"),
            AnyStrategy::States(inner, StateModel { left_out, .. }) => {
                let counts_in_state = left_out != Some(Part::Budget);
                let strategy = Preemptions::new(inner, self.max, counts_in_state);
                NewStrategy::of_states(strategy, StateModel { left_out, ..StateModel::default() })
            }
        }
    }

    fn seed(&self) -> Option<u64> {
        self.mode.seed()
    }
}

impl<M: CountsPreemptions> SearchMode for PreemptionBounded<M> {}
impl<M> ManyRuns for PreemptionBounded<M> {}
impl<M> Sealed for PreemptionBounded<M> {}
