//! Probabilistic concurrency testing: few changes of priority, at random steps.
//!
//! Burckhardt, Kothari, Musuvathi, Nagarakatte: "A randomized scheduler with probabilistic
//! guarantees of finding bugs", ASPLOS 2010. Each task has a random priority, and the enabled task
//! with the highest priority runs. At `depth - 1` random steps the priority of the next task is
//! changed to one below all others. One run finds a bug that needs `depth` orderings with a
//! probability of at least 1/(n·k^(depth-1)), with n tasks and k steps.

use super::numbers::Numbers;
use super::{Next, Options, Strategy};
use crate::dpor::Races;
use crate::event::{Decision, TaskId};
use crate::history::{Registry, Tracking, Trail};

/// The strategy's state.
pub(crate) struct RandomPriorities {
    numbers: Numbers,
    /// The steps at which a priority changes, the next one last.
    changes: Vec<usize>,
    /// The priority of each task; 0 if it has not been enabled in this run. Changed priorities are
    /// the numbers below `depth`.
    priorities: Vec<u64>,
    depth: usize,
    /// The largest number of steps of a run: the paper's k, which is not known beforehand.
    longest: usize,
}

impl RandomPriorities {
    pub(crate) fn new(seed: u64, depth: usize) -> Self {
        let mut pct = RandomPriorities {
            numbers: Numbers::new(seed),
            changes: Vec::new(),
            priorities: Vec::new(),
            depth: depth.max(1),
            longest: 0,
        };
        pct.begin_run();
        pct
    }

    fn begin_run(&mut self) {
        self.priorities.fill(0);
        self.changes.clear();
        for _ in 1..self.depth {
            self.changes.push(self.numbers.below(self.longest.max(1)));
        }
        self.changes.sort_unstable_by(|a, b| b.cmp(a));
    }

    /// The enabled task with the highest priority. A task without a priority gets a random one.
    fn highest(&mut self, options: &dyn Options) -> Option<(TaskId, u16)> {
        let tasks = options.tasks();
        self.priorities.resize(self.priorities.len().max(tasks.into()), 0);
        let mut highest = None;
        for task in 0..tasks {
            let alternatives = options.alternatives(task);
            if alternatives == 0 {
                continue;
            }
            let priority = &mut self.priorities[usize::from(task)];
            if *priority == 0 {
                *priority = self.depth as u64 + (self.numbers.next() >> 1);
            }
            if highest.is_none_or(|(other, _, _)| other < *priority) {
                highest = Some((*priority, task, alternatives));
            }
        }
        highest.map(|(_, task, alternatives)| (task, alternatives))
    }
}

impl Strategy for RandomPriorities {
    fn tracking(&self) -> Tracking {
        Tracking::Clocks
    }

    fn choose(&mut self, options: &dyn Options, trail: &Trail) -> Next {
        let Some((mut task, mut alternatives)) = self.highest(options) else { return Next::End };
        while self.changes.pop_if(|step| *step <= trail.len()).is_some() {
            // The number of remaining changes is the largest low priority that has not been
            // assigned.
            self.priorities[usize::from(task)] = self.changes.len() as u64 + 1;
            let highest = self.highest(options);
            (task, alternatives) = highest.expect("a change of priorities does not disable a task");
        }
        let choice = if alternatives > 1 { self.numbers.below(alternatives.into()) as u16 } else { 0 };
        Next::Take(Decision { task, choice })
    }

    fn executed(&mut self, _trail: &Trail) {}

    fn next_run(&mut self, trail: &mut Trail, _races: &Races, _registry: &Registry) -> bool {
        self.longest = self.longest.max(trail.len());
        trail.clear();
        self.begin_run();
        true
    }
}
