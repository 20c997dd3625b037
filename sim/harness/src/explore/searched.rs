//! The result of a search, and its judgement against the case's expectation.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Tally;
use crate::scenario::Case;
use crate::trace::Trace;
use crate::verdict::{CaseReport, Engine, StateCount, Verdict};

/// The result of a search, before it is judged against the case's expectation.
pub(super) struct Searched {
    pub(super) tally: Tally,
    pub(super) schedules: u64,
    pub(super) events: u64,
    pub(super) states: Option<StateCount>,
    /// Why the case does not support stateful search, if it was requested.
    pub(super) refused: Option<String>,
    /// The bound that ended the search, if it is not complete.
    pub(super) bound: Option<String>,
    /// A deadlock, a panic, or nondeterminism.
    pub(super) broken: Option<Verdict>,
    pub(super) trace: Option<Trace>,
}

impl Searched {
    /// Judges the result of a search of the case by this engine, which took `wall`.
    pub(super) fn report(self, case: &Case, engine: Engine, wall: Duration) -> CaseReport {
        let complete = self.bound.is_none() && self.refused.is_none() && self.broken.is_none();
        let verdict = self.verdict(case);
        CaseReport {
            scenario: case.scenario.clone(),
            case: case.name.clone(),
            cache: case.cache.clone(),
            engine,
            engine_reason: None,
            schedules: self.schedules,
            events: self.events,
            states: self.states,
            violating: self.tally.violating,
            violations: self.tally.violations,
            verdict,
            complete,
            wall,
            trace: self.trace,
        }
    }

    /// The gravest verdict that applies.
    fn verdict(&self, case: &Case) -> Verdict {
        if let Some(broken) = &self.broken {
            return broken.clone();
        }
        let rules = self.tally.violations.keys().copied().filter(|&rule| case.expectation.forbids(rule));
        let broken: BTreeSet<_> = rules.collect();
        if !broken.is_empty() {
            return Verdict::Violated(broken);
        }
        if let Some(why) = &self.refused {
            return Verdict::Bounded(format!("not searched by states: {why}"));
        }
        if let Some(bound) = &self.bound {
            return Verdict::Bounded(bound.clone());
        }
        if self.tally.vacuous { Verdict::Vacuous } else { Verdict::Clean }
    }
}
