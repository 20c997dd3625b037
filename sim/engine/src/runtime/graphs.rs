//! The connection of a run to a search of execution graphs.
//!
//! The search chooses the value that each operation reads, so the state of its locations is set
//! before it is executed. Apart from this an operation is executed as in any other search.

use std::panic::Location;

use super::current::with_if_any;
use super::ending::Ending;
use super::execution::Execution;
use super::panics::PanicReport;
use super::perform::perform;
use super::task::Task;
use crate::event::{Action, Decision, LocationId, Orders, Pending, TaskId};
use crate::graph::{Announced, Graph, Move, PlainAccess, WaitCondition};
use crate::history::Registry;
use crate::stateful::Unsupported;
use crate::strategy::AnyStrategy;
use crate::text::place;

/// The tasks of the run.
struct Tasks<'a> {
    tasks: &'a [Task],
    registry: &'a Registry,
}

impl Announced for Tasks<'_> {
    fn tasks(&self) -> TaskId {
        self.tasks.len() as TaskId
    }

    fn pending(&self, task: TaskId) -> Option<&Pending> {
        self.tasks.get(usize::from(task))?.pending.as_ref()
    }

    fn condition(&self, task: TaskId) -> Option<&WaitCondition> {
        self.tasks.get(usize::from(task))?.condition.as_ref()
    }

    fn state(&self, location: LocationId) -> u64 {
        self.registry.state(location)
    }

    fn is_repeatable(&self, location: LocationId) -> bool {
        self.registry.holds(location).word
    }

    fn whole(&self, location: LocationId) -> Option<LocationId> {
        self.registry.details(location).whole
    }
}

impl Execution {
    /// The graph of the last run, if the search is one of execution graphs.
    pub(crate) fn current_graph(&self) -> Option<&Graph> {
        match &self.strategy {
            AnyStrategy::Graphs(search) => Some(search.graph()),
            _ => None,
        }
    }

    pub(super) fn is_search_of_graphs(&self) -> bool {
        matches!(self.strategy, AnyStrategy::Graphs(_))
    }

    /// See [`Search::causal_clock`](crate::graph::Search::causal_clock).
    pub(super) fn causal_clock_of_graph(&self, task: TaskId) -> Option<Vec<u32>> {
        match &self.strategy {
            AnyStrategy::Graphs(search) if !self.end.aborting => Some(search.causal_clock(task)),
            _ => None,
        }
    }

    /// See [`Search::clock_of_step`](crate::graph::Search::clock_of_step).
    pub(crate) fn clock_of_step_of_graph(&self, task: TaskId, step: u32) -> Option<Vec<u32>> {
        match &self.strategy {
            AnyStrategy::Graphs(search) => Some(search.clock_of_step(task, step)),
            _ => None,
        }
    }

    /// See [`Search::last_known`](crate::graph::Search::last_known).
    pub(super) fn last_known_in_graph(&self, task: TaskId, location: LocationId) -> Option<u64> {
        match &self.strategy {
            AnyStrategy::Graphs(search) => search.last_known(task, location),
            _ => None,
        }
    }

    /// Returns the next decision of a search of execution graphs.
    #[inline(never)]
    pub(super) fn decide_in_graph(&mut self) -> Option<Decision> {
        let AnyStrategy::Graphs(search) = &mut self.strategy else { return None };
        let next = search.choose(&Tasks { tasks: &self.tasks, registry: &self.history.registry });
        match next {
            Move::Take(decision, states) => {
                let pending = self.tasks[usize::from(decision.task)].pending.as_ref()?;
                for (&(location, action), state) in pending.actions().iter().zip(states.into_iter().flatten())
                {
                    if !matches!(action, Action::Item) {
                        self.history.registry.set_state(location, state);
                    }
                }
                return Some(decision);
            }
            Move::End => {}
            Move::Redundant => self.end.is_redundant = true,
            Move::Mismatch(why) => self.end.ending = Some(Ending::Nondeterministic(why)),
            Move::Race(location, accesses) => self.end.ending = Some(self.data_race(location, accesses)),
            Move::Refuse(what, source) => self.refuse(Unsupported::Unmodelled(what, source)),
        }
        None
    }

    /// The ending of a run with a data race, in words.
    fn data_race(&self, location: LocationId, [first, second]: [PlainAccess; 2]) -> Ending {
        let access = |its: PlainAccess| {
            let what = if its.writes { "writes" } else { "reads" };
            format!("{} {what} it at {}", self.task_name(its.task), place(its.source))
        };
        let message = format!(
            "data race on {}: {}, and {}; nothing orders the two",
            self.history.registry.name(location),
            access(first),
            access(second)
        );
        let report = PanicReport { message, location: place(second.source).to_string() };
        Ending::Panic { task: self.task_name(second.task), report }
    }

    /// Sets the state of each atomic to its last value in coherence order: the destructors of an
    /// aborted run read it. During the run it is the value that the last operation read or wrote.
    pub(super) fn settle_states_of_graph(&mut self) {
        let AnyStrategy::Graphs(search) = &self.strategy else { return };
        for (location, state) in search.last_states() {
            self.history.registry.set_state(location, state);
        }
    }

    /// Adds the operation of `task` that no scheduling point separates from its last one.
    pub(super) fn add_joined_to_graph(&mut self, task: TaskId) {
        let AnyStrategy::Graphs(search) = &mut self.strategy else { return };
        let tasks = Tasks { tasks: &self.tasks, registry: &self.history.registry };
        if let Some(pending) = tasks.pending(task).copied() {
            search.add_joined(&tasks, task, &pending);
        }
    }

    pub(super) fn spawned_in_graph(&mut self, parent: TaskId, child: TaskId) {
        if let AnyStrategy::Graphs(search) = &mut self.strategy {
            search.spawned(parent, child);
        }
    }

    pub(super) fn joined_in_graph(&mut self, task: TaskId, other: TaskId) {
        if let AnyStrategy::Graphs(search) = &mut self.strategy {
            search.joined(task, other);
        }
    }

    /// Aborts the run if it is one of a search of execution graphs, which does not model this.
    pub(super) fn refuse_in_graph(&mut self, what: &'static str, source: &'static Location<'static>) {
        if self.is_search_of_graphs() && !self.end.aborting {
            self.refuse(Unsupported::Unmodelled(what, source));
        }
    }
}

/// Whether the memory orders of operations matter: the search is one of execution graphs.
pub(crate) fn has_memory_orders() -> bool {
    with_if_any(|execution| matches!(execution.strategy, AnyStrategy::Graphs(_)) && !execution.end.aborting)
        .unwrap_or(false)
}

/// Performs a fence of the current task.
pub(crate) fn perform_fence(orders: Orders, source: &'static Location<'static>) {
    let run = with_if_any(|execution| execution.history.registry.run()).unwrap_or(0);
    perform(run, &Pending::fence(orders, source));
}
