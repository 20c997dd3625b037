//! Limits the number of preemptions of another strategy's runs.
//!
//! Musuvathi, Qadeer: "Iterative context bounding for systematic testing of multithreaded
//! programs", PLDI 2007. A switch from a task that is enabled is a preemption; a switch from a task
//! that waits or has ended is not. The bound is unsound for a strategy that explores one schedule
//! for many, because this schedule may have more preemptions than the others (Coons, Musuvathi,
//! McKinley: "Bounded partial-order reduction", OOPSLA 2013).

use super::{Next, Options, StateOptions, StateStrategy, Strategy};
use crate::bound::Bound;
use crate::dpor::Races;
use crate::event::{Fingerprint, Footprint, TaskId};
use crate::history::{Registry, Tracking, Trail};
use crate::stateful::{Monitor, State, States};

/// A strategy with a bound on preemptions.
pub(crate) struct Preemptions<S: ?Sized> {
    counts: Counts,
    inner: Box<S>,
}

impl<S: ?Sized> Preemptions<S> {
    /// Bounds `inner` to this number of preemptions in a run. `counts_in_state`: whether the
    /// remaining budget is part of the state.
    pub(crate) fn new(inner: Box<S>, most: usize, counts_in_state: bool) -> Self {
        let counts = Counts { most, counts_in_state, at: Vec::new(), preempts: false, left_out: false };
        Preemptions { counts, inner }
    }
}

/// The preemptions of a run.
struct Counts {
    most: usize,
    /// Whether the remaining budget is part of the state. False only in a test.
    counts_in_state: bool,
    /// For each event of the trail, the number of preemptions up to it.
    at: Vec<usize>,
    /// Whether the chosen event is a preemption.
    preempts: bool,
    left_out: bool,
}

impl Counts {
    /// The options that the bound leaves, and the task that any other task would preempt.
    fn bounded<'a, O: Options + ?Sized>(
        &mut self,
        options: &'a O,
        trail: &Trail,
    ) -> (BoundedOptions<'a, O>, Option<TaskId>) {
        let last = trail.events().last().map(|event| event.footprint.task);
        let runs_on = last.filter(|&task| options.alternatives(task) > 0);
        let so_far = self.at.last().copied().unwrap_or(0);
        let only = runs_on.filter(|_| so_far >= self.most);
        if let Some(task) = only {
            self.left_out |=
                (0..options.tasks()).any(|other| other != task && options.alternatives(other) > 0);
        }
        // The remaining budget and the task that would be preempted are part of the state.
        let budget = (so_far as u64, last.map_or(0, |task| u64::from(task) + 1));
        let budget = self.counts_in_state.then_some(budget);
        (BoundedOptions { options, only, budget }, runs_on)
    }

    fn chosen(&mut self, next: &Next, runs_on: Option<TaskId>) {
        self.preempts = match next {
            Next::Take(decision) => runs_on.is_some_and(|task| task != decision.task),
            Next::End | Next::Redundant | Next::Mismatch(_) => false,
        };
    }

    fn executed(&mut self) {
        let so_far = self.at.last().copied().unwrap_or(0);
        // An event that is atomic with the chosen one is not a preemption.
        self.at.push(so_far + usize::from(std::mem::take(&mut self.preempts)));
    }

    fn left_out(&self) -> Option<Bound> {
        self.left_out.then_some(Bound::Preemptions(self.most))
    }
}

/// The options that the bound leaves.
struct BoundedOptions<'a, O: ?Sized> {
    options: &'a O,
    /// The only task that may run next, if no preemption is left.
    only: Option<TaskId>,
    /// The remaining budget, if it is part of the state.
    budget: Option<(u64, u64)>,
}

impl<O: Options + ?Sized> Options for BoundedOptions<'_, O> {
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

    fn footprint(&self, task: TaskId, choice: u16) -> Footprint {
        self.options.footprint(task, choice)
    }
}

impl<O: StateOptions + ?Sized> StateOptions for BoundedOptions<'_, O> {
    fn state(&self) -> Fingerprint {
        let state = self.options.state();
        self.budget.map_or(state, |(so_far, last)| state.with(so_far, last))
    }

    fn parts(&self) -> Option<&State> {
        // The budget is a further part.
        None
    }

    fn monitor(&self) -> Option<&dyn Monitor> {
        self.options.monitor()
    }

    fn found(&self) -> u64 {
        self.options.found()
    }

    fn is_awaited(&self, task: TaskId) -> bool {
        self.options.is_awaited(task)
    }

    fn order(&self, task: TaskId) -> TaskId {
        self.options.order(task)
    }
}

impl Strategy for Preemptions<dyn Strategy> {
    fn tracking(&self) -> Tracking {
        self.inner.tracking()
    }

    fn choose(&mut self, options: &dyn Options, trail: &Trail) -> Next {
        let (bounded, runs_on) = self.counts.bounded(options, trail);
        let next = self.inner.choose(&bounded, trail);
        self.counts.chosen(&next, runs_on);
        next
    }

    fn executed(&mut self, trail: &Trail) {
        self.counts.executed();
        self.inner.executed(trail);
    }

    fn next_run(&mut self, trail: &mut Trail, races: &Races, registry: &Registry) -> bool {
        let more = self.inner.next_run(trail, races, registry);
        self.counts.at.truncate(trail.len());
        more
    }

    fn done(&self) -> Option<f64> {
        self.inner.done()
    }

    fn left_out(&self) -> Option<Bound> {
        self.counts.left_out()
    }
}

impl StateStrategy for Preemptions<dyn StateStrategy> {
    fn choose(&mut self, options: &dyn StateOptions, trail: &Trail) -> Next {
        let (bounded, runs_on) = self.counts.bounded(options, trail);
        let next = self.inner.choose(&bounded, trail);
        self.counts.chosen(&next, runs_on);
        next
    }

    fn executed(&mut self, trail: &Trail) {
        self.counts.executed();
        self.inner.executed(trail);
    }

    fn next_run(&mut self, trail: &mut Trail) -> bool {
        let more = self.inner.next_run(trail);
        self.counts.at.truncate(trail.len());
        more
    }

    fn done(&self) -> Option<f64> {
        self.inner.done()
    }

    fn left_out(&self) -> Option<Bound> {
        self.counts.left_out()
    }

    fn full(&self) -> Option<Bound> {
        self.inner.full()
    }

    fn states(&self) -> Option<States> {
        self.inner.states()
    }
}
