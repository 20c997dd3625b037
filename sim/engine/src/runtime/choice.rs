//! The options of a strategy in the current state.

use super::task::Task;
use crate::event::{Fingerprint, Footprint, TaskId};
use crate::history::Registry;
use crate::stateful::{Monitor, State};
use crate::strategy::Options;

/// The current state of the run, as far as a strategy can query it.
pub(super) struct Choice<'a> {
    pub(super) tasks: &'a [Task],
    pub(super) announced: u64,
    pub(super) registry: &'a Registry,
    pub(super) current: TaskId,
    pub(super) state: Fingerprint,
    pub(super) parts: Option<&'a State>,
    pub(super) monitor: Option<&'a dyn Monitor>,
    pub(super) found: u64,
}

impl Options for Choice<'_> {
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

    #[inline]
    fn state(&self) -> Fingerprint {
        self.state
    }

    fn monitor(&self) -> Option<&dyn Monitor> {
        self.monitor
    }

    fn parts(&self) -> Option<&State> {
        self.parts
    }

    fn is_awaited(&self, task: TaskId) -> bool {
        self.tasks[task as usize].joiners != 0
    }

    fn order(&self, task: TaskId) -> TaskId {
        self.tasks[task as usize].order
    }

    #[inline]
    fn found(&self) -> u64 {
        self.found
    }

    fn footprint(&self, task: TaskId, choice: u16) -> Footprint {
        let its = &self.tasks[task as usize];
        let pending = its.pending.as_ref().expect("the task has announced an operation");
        let states = self.registry.states(pending);
        let of = pending.alternatives(&states, its.condition.as_deref());
        pending.outcome(task, &states, choice, of).0
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
