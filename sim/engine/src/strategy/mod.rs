//! Strategies: the next task at each point, and the next schedule after each run. One strategy per
//! file.

mod naive;
mod numbers;
mod optimal;
mod pct;
mod preemptions;
mod probe;
mod random;
mod rehearsal;
mod replay;
mod simplest;
mod stateful;
mod transition_cache;

pub(crate) use naive::Naive;
pub(crate) use numbers::Numbers;
pub(crate) use optimal::Optimal;
pub(crate) use pct::Pct;
pub(crate) use preemptions::Preemptions;
pub(crate) use probe::Probe;
pub(crate) use random::Random;
pub(crate) use rehearsal::Rehearsal;
pub(crate) use replay::Replay;
pub(crate) use simplest::Simplest;
pub(crate) use stateful::{Prefix, Reductions, Stateful};

use std::iter;

use crate::dpor::Races;
use crate::event::{Decision, Fingerprint, Footprint, TaskId};
use crate::history::{Registry, Tracking, Trail};
use crate::stateful::{Monitor, State, States};

/// The current point of a run, as a strategy sees it.
pub(crate) trait Options {
    /// The task that executed the last event.
    fn current(&self) -> TaskId;
    /// The largest number of a task plus 1.
    fn tasks(&self) -> TaskId;
    /// The set of tasks with a pending operation, one bit each. The other tasks are not enabled.
    fn announced(&self) -> u64;
    /// The number of alternatives of the task's pending operation; 0 if the task is not enabled.
    fn alternatives(&self, task: TaskId) -> u16;
    /// The current state, if the strategy [tracks](Strategy::tracking) nothing else.
    fn state(&self) -> Fingerprint;
    /// The parts of the state and the last step. `None` if the state has further parts, or is not
    /// tracked.
    fn parts(&self) -> Option<&State> {
        None
    }
    /// The run's monitor.
    fn monitor(&self) -> Option<&dyn Monitor> {
        None
    }
    /// Whether another task waits for the end of this one.
    fn is_awaited(&self, task: TaskId) -> bool;
    /// The task's spawn index in this run, from 0: its number in an execution of this schedule
    /// alone.
    fn order(&self, task: TaskId) -> TaskId;
    /// The findings of the run's monitor in the last step, one bit for each kind.
    fn found(&self) -> u64;
    /// The footprint of an alternative of the task's pending operation in the current state.
    fn footprint(&self, task: TaskId, choice: u16) -> Footprint;
}

/// The tasks of a set that has a bit for each, in the order of their numbers.
pub(crate) fn tasks_of(mut set: u64) -> impl Iterator<Item = TaskId> {
    iter::from_fn(move || {
        let task = set.trailing_zeros();
        set &= set.wrapping_sub(1);
        (task < u64::BITS).then_some(task as TaskId)
    })
}

/// Selects the order of events, run after run.
pub(crate) trait Strategy {
    /// The data about events that the strategy needs.
    fn tracking(&self) -> Tracking;

    /// Selects the next task and the alternative of its operation, once the trail's prefix has been
    /// repeated. `None` ends the run.
    fn choose(&mut self, options: &dyn Options, trail: &Trail) -> Option<Decision>;

    /// Notifies the strategy of a new event of the trail.
    fn executed(&mut self, trail: &Trail);

    /// Prepares the next run: reduces the trail to the prefix that the run repeats. False if there
    /// is no next run.
    fn next_run(&mut self, trail: &mut Trail, races: &Races, registry: &Registry) -> bool;

    /// Whether states that differ only by an exchange of symmetric tasks are one state.
    fn is_symmetric(&self) -> bool {
        false
    }

    /// Whether the acquisition of a lock on which others can only wait is one step with the task's
    /// next operation, and the release of such a lock one step with the previous operation: see
    /// [`Pending::is_right_mover`](crate::event::Pending::is_right_mover).
    fn joins_movers(&self) -> bool {
        false
    }

    /// Whether the last run was cut short because every enabled task was in the sleep set. An
    /// optimal strategy never has such a run.
    fn was_redundant(&self) -> bool {
        false
    }

    /// The part of the search that is done, between two runs: see
    /// [`Progress::done`](crate::Progress::done). `None` if the search has no end.
    fn done(&self) -> Option<f64> {
        None
    }

    /// Whether schedules were left out because of the bound on preemptions.
    fn left_out(&self) -> bool {
        false
    }

    /// Whether the search reached a new state after the largest number of states had been visited.
    fn is_full(&self) -> bool {
        false
    }

    /// The largest number of switches of the next run, if the strategy has such a bound.
    fn switches(&self) -> usize {
        usize::MAX
    }

    /// The open prefixes of a search of states, once there is no next run.
    fn open(&mut self, _trail: &Trail) -> Vec<Prefix> {
        Vec::new()
    }

    /// The statistics of a search of states so far.
    fn states(&self) -> Option<States> {
        None
    }

    /// The reason why the replayed schedule does not match the program, if the last run ended for
    /// that reason.
    fn replay_mismatch(&self) -> Option<&str> {
        None
    }
}

/// The part of a tree that has been searched, if `done` of the `of` known children of each node on
/// the path from the root have been searched. Each child is taken for an equal part of its parent.
fn part_done(path: impl Iterator<Item = (usize, usize)>) -> f64 {
    let (mut part, mut share) = (0.0, 1.0);
    for (done, of) in path {
        share /= of.max(1) as f64;
        part += share * done as f64;
    }
    part
}
