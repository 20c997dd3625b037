//! Limits the number of preemptions of another strategy's runs.
//!
//! Musuvathi, Qadeer: "Iterative context bounding for systematic testing of multithreaded
//! programs", PLDI 2007. A switch from a task that is enabled is a preemption; a switch from a task
//! that waits or has ended is not. The bound is unsound for a strategy that explores one schedule
//! for many, because this schedule may have more preemptions than the others (Coons, Musuvathi,
//! McKinley: "Bounded partial-order reduction", OOPSLA 2013).

use super::{Options, Strategy};
use crate::dpor::Races;
use crate::event::{Decision, Fingerprint, Footprint, TaskId};
use crate::history::{Registry, Tracking, Trail};
use crate::stateful::States;

/// A strategy with a bound on preemptions.
pub(crate) struct Preemptions {
    inner: Box<dyn Strategy>,
    most: usize,
    /// Whether the remaining budget is part of the state. False only in a test.
    counts_in_state: bool,
    /// For each event of the trail, the number of preemptions up to it.
    counts: Vec<usize>,
    /// Whether the chosen event is a preemption.
    preempts: bool,
    left_out: bool,
}

impl Preemptions {
    pub(crate) fn new(inner: Box<dyn Strategy>, most: usize, counts_in_state: bool) -> Self {
        Preemptions { inner, most, counts_in_state, counts: Vec::new(), preempts: false, left_out: false }
    }
}

/// The options that the bound leaves.
struct BoundedOptions<'a> {
    options: &'a dyn Options,
    /// The only task that may run next, if no preemption is left.
    only: Option<TaskId>,
    state: Fingerprint,
}

impl Options for BoundedOptions<'_> {
    fn current(&self) -> TaskId {
        self.options.current()
    }

    fn tasks(&self) -> TaskId {
        self.options.tasks()
    }

    fn announced(&self) -> u64 {
        self.options.announced() & self.only.map_or(u64::MAX, |task| 1 << task)
    }

    fn alternatives(&self, task: TaskId) -> u16 {
        if self.only.is_none_or(|only| task == only) { self.options.alternatives(task) } else { 0 }
    }

    fn state(&self) -> Fingerprint {
        self.state
    }

    fn is_awaited(&self, task: TaskId) -> bool {
        self.options.is_awaited(task)
    }

    fn order(&self, task: TaskId) -> TaskId {
        self.options.order(task)
    }

    fn found(&self) -> u64 {
        self.options.found()
    }

    fn footprint(&self, task: TaskId, choice: u16) -> Footprint {
        self.options.footprint(task, choice)
    }
}

impl Strategy for Preemptions {
    fn tracking(&self) -> Tracking {
        self.inner.tracking()
    }

    fn choose(&mut self, options: &dyn Options, trail: &Trail) -> Option<Decision> {
        let last = trail.events().last().map(|event| event.footprint.task);
        let runs_on = last.filter(|&task| options.alternatives(task) > 0);
        let so_far = self.counts.last().copied().unwrap_or(0);
        let only = runs_on.filter(|_| so_far >= self.most);
        if let Some(task) = only {
            self.left_out |=
                (0..options.tasks()).any(|other| other != task && options.alternatives(other) > 0);
        }
        // The remaining budget and the task that would be preempted are part of the state.
        let budget = (so_far as u64, last.map_or(0, |task| u64::from(task) + 1));
        let state =
            if self.counts_in_state { options.state().with(budget.0, budget.1) } else { options.state() };
        let decision = self.inner.choose(&BoundedOptions { options, only, state }, trail);
        self.preempts = decision.is_some_and(|decision| runs_on.is_some_and(|task| task != decision.task));
        decision
    }

    fn executed(&mut self, trail: &Trail) {
        let so_far = self.counts.last().copied().unwrap_or(0);
        // An event that is atomic with the chosen one is not a preemption.
        self.counts.push(so_far + usize::from(std::mem::take(&mut self.preempts)));
        self.inner.executed(trail);
    }

    fn next_run(&mut self, trail: &mut Trail, races: &Races, registry: &Registry) -> bool {
        let more = self.inner.next_run(trail, races, registry);
        self.counts.truncate(trail.len());
        more
    }

    fn done(&self) -> Option<f64> {
        self.inner.done()
    }

    fn left_out(&self) -> bool {
        self.left_out
    }

    fn was_redundant(&self) -> bool {
        self.inner.was_redundant()
    }

    fn is_full(&self) -> bool {
        self.inner.is_full()
    }

    fn states(&self) -> Option<States> {
        self.inner.states()
    }
}
