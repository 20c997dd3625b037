//! Strategies: the next task at each point, and the next schedule after each run. One strategy per
//! file.

mod expand;
mod naive;
mod numbers;
mod optimal;
mod options;
mod pct;
mod preemptions;
mod probe;
mod random;
mod rehearsal;
mod replay;
mod simplest;
mod stateful;
mod transition_cache;

pub(crate) use expand::Expand;
pub(crate) use naive::AllInterleavings;
pub(crate) use numbers::Numbers;
pub(crate) use optimal::OptimalDpor;
pub(crate) use options::{Options, StateOptions, tasks_of};
pub(crate) use pct::RandomPriorities;
pub(crate) use preemptions::Preemptions;
pub(crate) use probe::Probe;
pub(crate) use random::RandomWalk;
pub(crate) use rehearsal::Rehearsal;
pub(crate) use replay::RecordedSchedule;
pub(crate) use simplest::Simplest;
pub(crate) use stateful::{Prefix, StateSearch};

use crate::bound::Bound;
use crate::dpor::Races;
use crate::event::Decision;
use crate::graph::Search as GraphSearch;
use crate::history::{Registry, Tracking, Trail};
use crate::stateful::{Part, States};

/// The choice of a strategy at a point of a run.
pub(crate) enum Next {
    /// The run continues with this decision.
    Take(Decision),
    /// No task is enabled.
    End,
    /// The run is cut short, because all its continuations have been explored.
    Redundant,
    /// The run does not match the plan of the strategy, for this reason.
    Mismatch(String),
}

/// Selects the order of events, run after run.
pub(crate) trait Strategy {
    /// The data about events that the strategy needs.
    fn tracking(&self) -> Tracking;

    /// Selects the next task and the alternative of its operation, once the trail's prefix has been
    /// repeated.
    fn choose(&mut self, options: &dyn Options, trail: &Trail) -> Next;

    /// Notifies the strategy of a new event of the trail.
    fn executed(&mut self, trail: &Trail);

    /// Prepares the next run: reduces the trail to the prefix that the run repeats. False if there
    /// is no next run.
    fn next_run(&mut self, trail: &mut Trail, races: &Races, registry: &Registry) -> bool;

    /// The part of the search that is done, between two runs: see
    /// [`Progress::done`](crate::Progress::done). `None` if the search has no end.
    fn done(&self) -> Option<f64> {
        None
    }

    /// The bound because of which schedules were left out.
    fn left_out(&self) -> Option<Bound> {
        None
    }
}

/// Selects the order of events, run after run, by the states that they lead to.
pub(crate) trait StateStrategy {
    /// Like [`Strategy::choose`].
    fn choose(&mut self, options: &dyn StateOptions, trail: &Trail) -> Next;

    /// Like [`Strategy::executed`].
    fn executed(&mut self, trail: &Trail);

    /// Like [`Strategy::next_run`].
    fn next_run(&mut self, trail: &mut Trail) -> bool;

    /// Like [`Strategy::done`].
    fn done(&self) -> Option<f64> {
        None
    }

    /// Like [`Strategy::left_out`].
    fn left_out(&self) -> Option<Bound> {
        None
    }

    /// The bound on states, if the search reached a new state after the largest number of states
    /// had been visited.
    fn full(&self) -> Option<Bound> {
        None
    }

    /// The open prefixes of the search, once there is no next run.
    fn open(&mut self, _trail: &Trail) -> Vec<Prefix> {
        Vec::new()
    }

    /// The statistics of the search so far.
    fn states(&self) -> Option<States> {
        None
    }
}

/// The states that a search distinguishes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StateModel {
    /// Whether states that differ only by an exchange of symmetric tasks are one state.
    pub(crate) is_symmetric: bool,
    /// Whether the acquisition of a lock on which others can only wait is one step with the task's
    /// next operation, and the release of such a lock one step with the previous operation: see
    /// [`Pending::is_right_mover`](crate::event::Pending::is_right_mover).
    pub(crate) joins_movers: bool,
    /// The part that is omitted from the states, in a test.
    pub(crate) left_out: Option<Part>,
}

/// A strategy of either kind.
pub(crate) enum AnyStrategy {
    /// Selects schedules, without states.
    Schedules(Box<dyn Strategy>),
    /// Selects schedules by their states.
    States(Box<dyn StateStrategy>, StateModel),
    /// Selects execution graphs.
    Graphs(Box<GraphSearch>),
}

impl AnyStrategy {
    /// See [`Strategy::tracking`].
    pub(crate) fn tracking(&self) -> Tracking {
        match self {
            AnyStrategy::Schedules(strategy) => strategy.tracking(),
            AnyStrategy::States(..) | AnyStrategy::Graphs(_) => Tracking::Nothing,
        }
    }

    /// See [`Strategy::executed`].
    #[inline]
    pub(crate) fn executed(&mut self, trail: &Trail) {
        match self {
            AnyStrategy::Schedules(strategy) => strategy.executed(trail),
            AnyStrategy::States(strategy, _) => strategy.executed(trail),
            AnyStrategy::Graphs(_) => {}
        }
    }

    /// See [`Strategy::next_run`].
    #[inline]
    pub(crate) fn next_run(&mut self, trail: &mut Trail, races: &Races, registry: &Registry) -> bool {
        match self {
            AnyStrategy::Schedules(strategy) => strategy.next_run(trail, races, registry),
            AnyStrategy::States(strategy, _) => strategy.next_run(trail),
            AnyStrategy::Graphs(search) => {
                trail.clear();
                search.next_run()
            }
        }
    }

    /// See [`Strategy::done`].
    pub(crate) fn done(&self) -> Option<f64> {
        match self {
            AnyStrategy::Schedules(strategy) => strategy.done(),
            AnyStrategy::States(strategy, _) => strategy.done(),
            AnyStrategy::Graphs(search) => Some(search.done()),
        }
    }

    /// See [`Strategy::left_out`].
    pub(crate) fn left_out(&self) -> Option<Bound> {
        match self {
            AnyStrategy::Schedules(strategy) => strategy.left_out(),
            AnyStrategy::States(strategy, _) => strategy.left_out(),
            AnyStrategy::Graphs(search) => search.is_replay().then_some(Bound::Schedule),
        }
    }

    /// Whether it selects execution graphs.
    pub(crate) fn is_search_of_graphs(&self) -> bool {
        matches!(self, AnyStrategy::Graphs(_))
    }

    /// The strategy, if it selects states.
    pub(crate) fn by_states(&self) -> Option<&dyn StateStrategy> {
        match self {
            AnyStrategy::Schedules(_) | AnyStrategy::Graphs(_) => None,
            AnyStrategy::States(strategy, _) => Some(strategy.as_ref()),
        }
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
