//! A random walk: each enabled task, and each alternative of its operation, has the same
//! probability at each step.
//!
//! The sample of classes is biased: a class with many interleavings is more frequent than a class
//! with few.

use super::numbers::Numbers;
use super::{Next, Options, Strategy};
use crate::dpor::Races;
use crate::event::{Decision, TaskId};
use crate::history::{Registry, Tracking, Trail};

/// The strategy's state.
pub(crate) struct RandomWalk {
    numbers: Numbers,
    enabled: Vec<(TaskId, u16)>,
}

impl RandomWalk {
    pub(crate) fn new(seed: u64) -> Self {
        RandomWalk { numbers: Numbers::new(seed), enabled: Vec::new() }
    }

    /// A random decision, if a task is enabled.
    pub(super) fn step(&mut self, options: &(impl Options + ?Sized)) -> Next {
        self.enabled.clear();
        let tasks = (0..options.tasks()).map(|task| (task, options.alternatives(task)));
        self.enabled.extend(tasks.filter(|&(_, alternatives)| alternatives > 0));
        let &(task, alternatives) = match self.enabled.len() {
            0 => return Next::End,
            1 => &self.enabled[0],
            count => &self.enabled[self.numbers.below(count)],
        };
        let choice = if alternatives > 1 { self.numbers.below(alternatives.into()) as u16 } else { 0 };
        Next::Take(Decision { task, choice })
    }
}

impl Strategy for RandomWalk {
    fn tracking(&self) -> Tracking {
        Tracking::Clocks
    }

    fn choose(&mut self, options: &dyn Options, _trail: &Trail) -> Next {
        self.step(options)
    }

    fn executed(&mut self, _trail: &Trail) {}

    fn next_run(&mut self, trail: &mut Trail, _races: &Races, _registry: &Registry) -> bool {
        trail.clear();
        true
    }
}
