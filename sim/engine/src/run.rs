//! An execution that has ended.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::panic::Location;

use crate::event::{Footprint, Mode, TaskId};
use crate::runtime::{Ending, Execution};
use crate::schedule::Schedule;
use crate::strategy::Turn;
use crate::trace::Trace;
use crate::witness::{self, Effort};

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
    /// Which of the task's events it is, from 1.
    pub index: u32,
    /// Which of its alternatives it took, from 0.
    pub choice: u32,
    /// The source line that called the operation.
    pub source: &'static Location<'static>,
}

/// An event's name, which is the same in all schedules of a class: its task, and which of the task's events it is, from 1.
pub type EventName = (u32, u32);

impl<'a> Run<'a> {
    /// How it ended.
    pub fn ending(&self) -> &'a Ending {
        self.ending
    }

    /// Its events, in order.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = Step> + use<'a> {
        self.execution.trail.events().iter().map(|event| Step {
            task: u32::from(event.footprint.task),
            index: event.index,
            choice: u32::from(event.footprint.choice),
            source: event.source,
        })
    }

    /// The vector clock of the event at `position` (from 0): of each task, how many events happen before it, itself
    /// included.
    pub fn clock(&self, position: usize) -> &'a [u32] {
        self.execution.trail.clock(position)
    }

    /// Its schedule, which [`Explorer::replay`](crate::Explorer::replay) runs again. Tasks have the numbers in it that they
    /// have when it is run by itself: by which is spawned first.
    pub fn schedule(&self) -> Schedule {
        let footprints = self.execution.trail.events().iter().map(|event| event.footprint);
        let turn = |its: Footprint| Turn { task: self.execution.order(its.task), choice: its.choice };
        Schedule::new(footprints.map(turn).collect())
    }

    /// The simplest schedule of the run's class in which, of each of these pairs of events, the first comes before the second:
    /// the fewest context switches, and of those, with each block of a task's events as long as it can be, the first in the order
    /// of the tasks. All schedules of a class have the same events.
    ///
    /// To have a block of one task's events before another block is one pair: the last of the one, and the first of the other.
    /// `None` if there is no such schedule with at most `most` switches, or if the execution is of a
    /// [search of states](crate::Explorer::stateful), which keeps no clocks.
    ///
    /// It is a search, breadth first over how far each task has come. In the worst case these states are as many as the
    /// product of the tasks' numbers of events: [`simplest_schedule_within`](Run::simplest_schedule_within) bounds them.
    pub fn simplest_schedule(&self, order: &[(EventName, EventName)], most: usize) -> Option<Schedule> {
        let watch = &mut || ControlFlow::Continue(());
        let mut effort = Effort { states: u64::MAX, each: u64::MAX, watch, is_spent: false };
        self.simplest_schedule_within(order, most, &mut effort)
    }

    /// As [`simplest_schedule`](Run::simplest_schedule), within an effort: `None` also if that ends the search.
    pub fn simplest_schedule_within(
        &self,
        order: &[(EventName, EventName)],
        most: usize,
        effort: &mut Effort<'_>,
    ) -> Option<Schedule> {
        witness::simplest(self, order, most, effort)
    }

    /// Some schedule of the run's class in which, of each of these pairs of events, the first comes before the second: each
    /// task runs for as long as it can, and the first that can run is next. It takes time in the product of the events and
    /// the tasks. `None` if there is no such schedule, or if the execution is of a
    /// [search of states](crate::Explorer::stateful).
    pub fn any_schedule(&self, order: &[(EventName, EventName)]) -> Option<Schedule> {
        witness::any(self, order)
    }

    /// What happened, in words, if the explorer was [recording](crate::Explorer::recording).
    pub fn trace(&self) -> Option<Trace> {
        self.execution.is_recorded().then(|| Trace::of(self))
    }

    /// A task's name.
    pub fn task_name(&self, task: u32) -> String {
        self.execution.task_name(task as TaskId)
    }

    /// What is the same in all schedules of the execution's class and in no other: each event's clock and what it did.
    pub fn class(&self) -> Class {
        let trail = &self.execution.trail;
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

impl fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("ending", self.ending).field("schedule", &self.schedule()).finish()
    }
}

/// A Mazurkiewicz class: its events by name, each with its clock, which alternative it took, and how it conflicts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Class(BTreeMap<(usize, u32), ClassEvent>);

/// An event's clock, which alternative it took, and how it conflicts.
type ClassEvent = (Vec<u32>, u16, Vec<Mode>);
