//! Executions that have ended.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::Location;

use crate::event::{Decision, Footprint, Mode, TaskId};
use crate::graph::Graph;
use crate::runtime::{Ending, Execution};
use crate::schedule::Schedule;

/// An execution that has ended.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    pub(crate) execution: &'a Execution,
    pub(crate) ending: &'a Ending,
}

/// One event of an execution.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The task.
    pub task: u32,
    /// The index of the event among the task's events, from 1.
    pub index: u32,
    /// The alternative of the operation, from 0.
    pub choice: u32,
    /// The source line that called the operation.
    pub source: &'static Location<'static>,
}

/// An event's name, the same in all schedules of a class: its task, and its index among the task's
/// events, from 1.
pub type EventName = (u32, u32);

impl<'a> Run<'a> {
    /// The ending.
    pub fn ending(&self) -> &'a Ending {
        self.ending
    }

    /// The events, in order.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = Step> + use<'a> {
        self.execution.history.trail.events().iter().map(|event| Step {
            task: u32::from(event.footprint.task),
            index: event.index,
            choice: u32::from(event.footprint.choice),
            source: event.source,
        })
    }

    /// The vector clock of the event at `position` (from 0): for each task, the number of events
    /// that happen before it, including itself.
    /// In a search of execution graphs: that come before it in each order of the graph's events.
    pub fn clock(&self, position: usize) -> Cow<'a, [u32]> {
        let event = &self.execution.history.trail.events()[position];
        match self.execution.clock_of_step_of_graph(event.footprint.task, event.index) {
            Some(clock) => Cow::Owned(clock),
            None => Cow::Borrowed(self.execution.history.trail.clock(position)),
        }
    }

    /// The schedule, which [`Explorer::replay`](crate::Explorer::replay) replays. It numbers tasks
    /// in the order in which they are spawned in this run.
    pub fn schedule(&self) -> Schedule {
        let footprints = self.execution.history.trail.events().iter().map(|event| event.footprint);
        let decision = |its: Footprint| Decision { task: self.execution.order(its.task), choice: its.choice };
        let schedule = Schedule::new(footprints.map(decision).collect());
        match self.execution.current_graph() {
            Some(graph) => {
                let tasks = self.execution.history.trail.events().iter().map(|event| event.footprint.task);
                schedule.of_graph(graph.overlooked(tasks))
            }
            None => schedule,
        }
    }

    /// A task's name.
    pub fn task_name(&self, task: u32) -> String {
        self.execution.task_name(task as TaskId)
    }

    /// The class of the execution, which is equal for exactly the schedules of the same class.
    pub fn class(&self) -> Class {
        if let Some(graph) = self.execution.current_graph() {
            return self.class_of(graph);
        }
        let trail = &self.execution.history.trail;
        let ranks = self.execution.ranks();
        let events = trail.events().iter().enumerate();
        Class(
            events
                .map(|(position, event)| {
                    let mut clock = vec![0; ranks.len()];
                    for (&rank, &seen) in
                        ranks.iter().zip(trail.clock(position)).filter(|(_, seen)| **seen > 0)
                    {
                        clock[rank] = seen;
                    }
                    clock.truncate(clock.iter().rposition(|&seen| seen > 0).map_or(0, |last| last + 1));
                    let footprint = &event.footprint;
                    let name = (ranks[footprint.task as usize], event.index);
                    (name, (clock, footprint.choice, footprint.modes().to_vec()))
                })
                .collect(),
        )
    }
}

impl Run<'_> {
    /// The class of an execution graph: what each event reads from, and its place among the events
    /// of its locations.
    fn class_of(&self, graph: &Graph) -> Class {
        let ranks = self.execution.ranks();
        let events = graph.events().map(|(id, event)| {
            let mut its = Vec::new();
            let source = event.is_read().then(|| graph.source(event)).flatten();
            its.extend(
                source.map_or([0, 0], |source| [ranks[source.task as usize] as u32 + 1, source.index]),
            );
            its.extend(graph.places(id).map(|place| place as u32));
            ((ranks[event.task as usize], event.index), (its, event.choice, Vec::new()))
        });
        Class(events.collect())
    }
}

impl fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("ending", self.ending).field("schedule", &self.schedule()).finish()
    }
}

/// A Mazurkiewicz class: its events by name, each with its clock, its alternative, and its modes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Class(BTreeMap<(usize, u32), ClassEvent>);

/// An event's clock, its alternative, and its modes.
type ClassEvent = (Vec<u32>, u16, Vec<Mode>);
