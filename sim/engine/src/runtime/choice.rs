//! The current point of the run, as a strategy sees it.

use super::task::Task;
use crate::event::{Fingerprint, Footprint, TaskId};
use crate::history::Registry;
use crate::stateful::{Monitor, State};
use crate::strategy::{Options, StateOptions};

/// The current point of the run.
pub(super) struct Point<'a> {
    pub(super) tasks: &'a [Task],
    pub(super) announced: u64,
    pub(super) registry: &'a Registry,
    pub(super) current: TaskId,
}

impl Options for Point<'_> {
    #[inline]
    fn current(&self) -> TaskId {
        self.current
    }

    #[inline]
    fn tasks(&self) -> TaskId {
        self.tasks.len() as TaskId
    }

    #[inline]
    fn announced(&self) -> u64 {
        self.announced
    }

    #[inline]
    fn alternatives(&self, task: TaskId) -> u16 {
        self.tasks[task as usize].alternatives(self.registry)
    }

    fn footprint(&self, task: TaskId, choice: u16) -> Footprint {
        let its = &self.tasks[task as usize];
        let pending = its.pending.as_ref().expect("the task has announced an operation");
        let states = self.registry.states(pending);
        let of = pending.alternatives(&states, its.condition.as_deref());
        pending.outcome(task, &states, choice, of).0
    }
}

/// The current point of the run, and its state.
pub(super) struct StatePoint<'a> {
    pub(super) point: Point<'a>,
    pub(super) state: Fingerprint,
    pub(super) parts: &'a State,
    pub(super) monitor: Option<&'a dyn Monitor>,
}

impl Options for StatePoint<'_> {
    #[inline]
    fn current(&self) -> TaskId {
        self.point.current()
    }

    #[inline]
    fn tasks(&self) -> TaskId {
        self.point.tasks()
    }

    #[inline]
    fn announced(&self) -> u64 {
        self.point.announced()
    }

    #[inline]
    fn alternatives(&self, task: TaskId) -> u16 {
        self.point.alternatives(task)
    }

    fn footprint(&self, task: TaskId, choice: u16) -> Footprint {
        self.point.footprint(task, choice)
    }
}

impl StateOptions for StatePoint<'_> {
    #[inline]
    fn state(&self) -> Fingerprint {
        self.state
    }

    fn parts(&self) -> Option<&State> {
        Some(self.parts)
    }

    fn monitor(&self) -> Option<&dyn Monitor> {
        self.monitor
    }

    fn found(&self) -> u64 {
        self.monitor.map_or(0, Monitor::found)
    }

    fn is_awaited(&self, task: TaskId) -> bool {
        self.point.tasks[task as usize].joiners != 0
    }

    fn order(&self, task: TaskId) -> TaskId {
        self.point.tasks[task as usize].order
    }
}

impl Task {
    /// The number of alternatives of its pending operation; 0 if there is none, or it is disabled.
    #[inline]
    pub(super) fn alternatives(&self, registry: &Registry) -> u16 {
        match &self.pending {
            None => 0,
            Some(pending) if !pending.can_wait() => 1,
            Some(pending) => pending.alternatives(&registry.states(pending), self.condition.as_deref()),
        }
    }
}
