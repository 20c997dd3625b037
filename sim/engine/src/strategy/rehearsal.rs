//! A random or a planned schedule, for runs that are compared with one another.

use super::numbers::Numbers;
use super::{Next, Options, Strategy};
use crate::dpor::Races;
use crate::event::{Decision, TaskId};
use crate::history::{Registry, Tracking, Trail};

/// The strategy's state.
pub(crate) struct Rehearsal {
    numbers: Numbers,
    /// The decisions of this run, with the task numbers of this exploration; `None` for random
    /// ones.
    plan: Option<Vec<Decision>>,
    enabled: Vec<(TaskId, u16)>,
}

impl Rehearsal {
    /// Chooses a random schedule.
    pub(crate) fn random(seed: u64) -> Self {
        Rehearsal { numbers: Numbers::new(seed), plan: None, enabled: Vec::new() }
    }

    /// Follows this schedule. The run ends at a decision that is not enabled.
    pub(crate) fn of(plan: Vec<Decision>) -> Self {
        Rehearsal { numbers: Numbers::new(0), plan: Some(plan), enabled: Vec::new() }
    }
}

impl Strategy for Rehearsal {
    fn tracking(&self) -> Tracking {
        Tracking::Clocks
    }

    fn choose(&mut self, options: &dyn Options, trail: &Trail) -> Next {
        if let Some(plan) = &self.plan {
            let Some(&decision) = plan.get(trail.len()) else { return Next::End };
            let is_possible =
                decision.task < options.tasks() && decision.choice < options.alternatives(decision.task);
            return if is_possible { Next::Take(decision) } else { Next::End };
        }
        self.enabled.clear();
        let tasks = (0..options.tasks()).map(|task| (task, options.alternatives(task)));
        self.enabled.extend(tasks.filter(|&(_, alternatives)| alternatives > 0));
        if self.enabled.is_empty() {
            return Next::End;
        }
        let (task, alternatives) = self.enabled[self.numbers.below(self.enabled.len())];
        Next::Take(Decision { task, choice: self.numbers.below(alternatives.into()) as u16 })
    }

    fn executed(&mut self, _trail: &Trail) {}

    fn next_run(&mut self, trail: &mut Trail, _races: &Races, _registry: &Registry) -> bool {
        trail.clear();
        true
    }
}
