//! Expands one state after another: executes each of its steps, and reports the states that they
//! lead to.
//!
//! This is the part of a search of states that one process of several executes. The caller decides
//! which states are new. A run ends at the first state after the expanded one: only the process to
//! which a state is assigned continues from it. Steps whose state is predicted are not executed at
//! all. The prediction is checked when that state is expanded.

use super::stateful::{chosen, decisions, schedule_to_here};
use super::transition_cache::{Origin, TransitionCache};
use super::{Next, StateOptions, StateStrategy};
use crate::event::{Decision, Fingerprint};
use crate::history::Trail;
use crate::schedule::Schedule;
use crate::stateful::{Expanded, Frontier, OpenState, States};

/// Shown when the path of a state leads to another state.
const OTHER_STATE: &str = "the schedule of a state led to another state than before. Either another build \
    of the program takes part in the search, or the program stores something that the engine does not see: \
    look for a static, a std lock or atomic, or, between the operations of a script, any data outside the \
    engine's objects";

/// The place of the current run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// On the path to the state.
    Path,
    /// At the state, whose steps are known.
    State,
    /// After a step.
    Step(Decision),
    /// At its end.
    End,
}

/// The strategy's state.
pub(crate) struct Expand {
    frontier: Box<dyn Frontier>,
    cache: TransitionCache,
    /// The state that is expanded, if there is one.
    open: Option<OpenState>,
    /// The number of decisions of its path that the run has repeated.
    repeated: usize,
    place: Place,
    /// The number of events that lead to the state.
    at: usize,
    /// The number of events up to the last state of the run. The rest only ends the run.
    reached: usize,
    origin: Origin,
    /// The steps that remain to be executed, the next one last.
    untried: Vec<Decision>,
    result: Expanded,
    runs: u64,
}

impl Expand {
    pub(crate) fn new(frontier: Box<dyn Frontier>) -> Self {
        Expand {
            frontier,
            cache: TransitionCache::default(),
            open: None,
            repeated: 0,
            place: Place::End,
            at: 0,
            reached: 0,
            origin: Origin::default(),
            untried: Vec::new(),
            result: Expanded::default(),
            runs: 0,
        }
    }

    /// The next decision of the path. `None` at its end.
    fn follow(&mut self) -> Option<Decision> {
        let path = self.open.as_ref().map_or(&[] as &[_], |open| open.path.as_decisions());
        let decision = path.get(self.repeated).copied()?;
        self.repeated += 1;
        Some(decision)
    }

    /// The run has arrived at the state for the first time.
    fn arrive(&mut self, options: &dyn StateOptions, trail: &Trail) -> Next {
        let (state, open) = (options.state(), self.open.as_ref().expect("a run expands a state"));
        (self.at, self.reached) = (trail.len(), trail.len());
        if open.state.is_none() {
            self.place = Place::End;
            self.result.successors.push((state.0, open.path.clone()));
            return Next::Redundant;
        }
        if open.state != Some(state.0) {
            return Next::Mismatch(OTHER_STATE.to_owned());
        }
        self.place = Place::State;
        self.origin.record(options);
        self.result.found = options.found();
        self.result.schedule = (self.result.found != 0).then(|| schedule_to_here(options, trail));
        self.untried.clear();
        for decision in decisions(options) {
            self.result.transitions += 1;
            match self.cache.predict(decision, &self.origin, options) {
                Some(state) => self.leads_to(state, decision),
                None => self.untried.push(decision),
            }
        }
        if self.result.transitions == 0 {
            self.place = Place::End;
            self.result.executions = 1;
            return Next::End;
        }
        self.step()
    }

    /// Executes the next step of the state.
    fn step(&mut self) -> Next {
        match self.untried.pop() {
            Some(decision) => {
                self.place = Place::Step(decision);
                Next::Take(decision)
            }
            // The states after all steps are predicted.
            None => {
                self.place = Place::End;
                Next::Redundant
            }
        }
    }

    /// A step of the state leads to this one.
    fn leads_to(&mut self, state: Fingerprint, decision: Decision) {
        if self.frontier.is_known(state.0) || self.result.successors.iter().any(|(its, _)| *its == state.0) {
            return;
        }
        let path = self.open.as_ref().expect("a run expands a state").path.as_decisions();
        let path = path.iter().copied().chain([decision]).collect();
        self.result.successors.push((state.0, Schedule::new(path)));
    }

    /// Reduces the trail to the events that the next path begins with.
    fn keep_common(&mut self, trail: &mut Trail) {
        while trail.len() > self.reached {
            trail.pop();
        }
        let path = self.open.as_ref().expect("a state to expand").path.as_decisions();
        let taken = chosen(trail.events());
        let common = taken.zip(path).take_while(|(taken, decision)| taken == *decision).count();
        while chosen(trail.events()).count() > common {
            trail.pop();
        }
        self.repeated = common;
    }
}

impl StateStrategy for Expand {
    fn choose(&mut self, options: &dyn StateOptions, trail: &Trail) -> Next {
        match self.place {
            Place::Path => match self.follow() {
                None => self.arrive(options, trail),
                Some(Decision { task, choice })
                    if task >= options.tasks() || choice >= options.alternatives(task) =>
                {
                    Next::Mismatch(OTHER_STATE.to_owned())
                }
                Some(decision) => Next::Take(decision),
            },
            Place::State => self.step(),
            Place::Step(decision) => {
                (self.place, self.reached) = (Place::End, trail.len());
                self.cache.record(&self.origin, decision, options);
                self.leads_to(options.state(), decision);
                Next::Redundant
            }
            Place::End => unreachable!("the run has ended"),
        }
    }

    fn executed(&mut self, _trail: &Trail) {}

    fn next_run(&mut self, trail: &mut Trail) -> bool {
        if self.open.is_some() {
            self.runs += 1;
            match self.place {
                Place::End => {}
                // A panic or a bound has ended the execution. The state of a predicted step can be
                // beyond the bound on steps.
                Place::Step(_) | Place::Path | Place::State => {
                    self.result.executions += 1;
                    self.reached = self.reached.min(self.at);
                }
            }
            if !self.untried.is_empty() {
                while trail.len() > self.at {
                    trail.pop();
                }
                self.place = Place::State;
                return true;
            }
        }
        if let Some(OpenState { state, .. }) = self.open.take() {
            let expanded = Expanded { state, ..std::mem::take(&mut self.result) };
            self.frontier.expanded(expanded);
        }
        self.open = self.frontier.next();
        if self.open.is_none() {
            return false;
        }
        self.keep_common(trail);
        self.place = Place::Path;
        true
    }

    fn done(&self) -> Option<f64> {
        Some(self.frontier.progress().1)
    }

    fn states(&self) -> Option<States> {
        Some(States { count: self.frontier.progress().0, runs: self.runs, ..States::default() })
    }
}
