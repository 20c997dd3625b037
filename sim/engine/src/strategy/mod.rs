//! Strategies: which task goes next, and which schedule is run after this one. One a file.

mod foresight;
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
pub(crate) use stateful::{Searched, Stateful, Way};

use std::iter;

use crate::dpor::Races;
use crate::event::{Fingerprint, Footprint, TaskId, Turn};
use crate::history::{Registry, Tracking, Trail};
use crate::stateful::{Monitor, State, States};

/// What a strategy can choose from.
pub(crate) trait Options {
    /// The task that executed the last event.
    fn current(&self) -> TaskId;
    /// One more than the largest number of a task.
    fn tasks(&self) -> TaskId;
    /// The tasks that have announced an operation, a bit for each. The others cannot go on.
    fn announced(&self) -> u64;
    /// How many alternatives the operation that the task has announced has now; 0 if it cannot go on.
    fn alternatives(&self, task: TaskId) -> u16;
    /// The state that the run is in, if the strategy [tracks](Strategy::tracking) nothing else.
    fn state(&self) -> Fingerprint;
    /// What the state is the sum of, and what has led there. `None` if it is more than that, or is not kept.
    fn parts(&self) -> Option<&State> {
        None
    }
    /// The run's monitor.
    fn monitor(&self) -> Option<&dyn Monitor> {
        None
    }
    /// Whether another task waits for the end of this one.
    fn is_awaited(&self, task: TaskId) -> bool;
    /// As which one the task was spawned in this run, from 0: its number wherever the schedule is run by itself.
    fn order(&self, task: TaskId) -> TaskId;
    /// What the run's monitor has found in the step that led there.
    fn found(&self) -> u64;
    /// What an alternative of the task's operation would touch now.
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

/// Decides the order of events, run after run.
pub(crate) trait Strategy {
    /// What the strategy needs to know of each event.
    fn tracking(&self) -> Tracking;

    /// Which task goes next, and with which alternative, where the trail has no prefix left to repeat. `None` ends the
    /// run.
    fn choose(&mut self, options: &dyn Options, trail: &Trail) -> Option<Turn>;

    /// The trail has a new event.
    fn executed(&mut self, trail: &Trail);

    /// The run has ended: leaves in the trail the prefix that the next run repeats. False if there is no next run.
    fn next_run(&mut self, trail: &mut Trail, races: &Races, registry: &Registry) -> bool;

    /// Whether tasks that are alike may take each other's places in the states that the strategy is told.
    fn is_symmetric(&self) -> bool {
        false
    }

    /// Whether a lock that nobody can find taken is taken in one step with what its task does next, and given back in one with
    /// what it has done last: see [`Pending::is_right_mover`](crate::event::Pending::is_right_mover).
    fn joins_movers(&self) -> bool {
        false
    }

    /// Whether the run that has just ended was cut short because every task that could go on was asleep: work that an
    /// optimal explorer never does.
    fn was_redundant(&self) -> bool {
        false
    }

    /// Which part of the search is done, between two runs: see [`Progress::done`](crate::Progress::done). `None` if the
    /// search has no end.
    fn done(&self) -> Option<f64> {
        None
    }

    /// Whether schedules were left out because of the bound on preemptions.
    fn left_out(&self) -> bool {
        false
    }

    /// Whether as many states have been visited as may be, and more were met.
    fn is_full(&self) -> bool {
        false
    }

    /// How many switches the next run may have, if the strategy goes by that.
    fn switches(&self) -> usize {
        usize::MAX
    }

    /// The ways of a search of states that are still to be gone, once no run will follow.
    fn open(&mut self, _trail: &Trail) -> Vec<Way> {
        Vec::new()
    }

    /// What a search of states has come to so far.
    fn states(&self) -> Option<States> {
        None
    }

    /// Why the schedule that was to be run again is none of this program's, if the run ended for that.
    fn misfit(&self) -> Option<&str> {
        None
    }
}

/// Which part of a tree has been searched, if the child that is being searched now was `done` children in, of `of` known
/// ones, at each node from the root down. Each child is taken for an equal part of its parent.
fn part_done(path: impl Iterator<Item = (usize, usize)>) -> f64 {
    let (mut part, mut share) = (0.0, 1.0);
    for (done, of) in path {
        share /= of.max(1) as f64;
        part += share * done as f64;
    }
    part
}
