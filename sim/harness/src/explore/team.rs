//! The search of classes by several workers.
//!
//! The workers only count: the sums do not depend on the schedule of the workers. If one of them
//! finds a forbidden violation or a failure, all stop, and one worker searches again: the simplest
//! witness depends on the order in which the classes are visited, once the effort for it is spent.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use selvedge_engine::{Bound, Ending, Explorer, Observer, Run};

use super::each_run::note_invocations;
use super::ours::{self, ended_by};
use super::search::Search;
use super::{Reached, Searched, Tally};
use crate::backends::{Engine, explorer_within};
use crate::number::counted;
use crate::scenario::Case;
use crate::verdict;
use crate::world::{self, Build, Plan, Recorder};

/// The number of schedules between two calls of `watch`.
const WATCHED_EVERY: u64 = 1 << 10;

/// Searches the planned case by classes, with the workers of the budget. A bound on schedules
/// requires one worker: which schedules are within it depends on the order.
pub(super) fn search<C: Build<Engine> + Clone>(search: &mut Search<'_, '_>, plan: Plan<C>) -> Searched {
    let jobs = search.budget.jobs.map_or(1, NonZeroUsize::get);
    if jobs > 1
        && search.budget.schedules.is_none()
        && let Some(searched) = counts(search, &Arc::new(plan.clone()), jobs)
    {
        return searched;
    }
    ours::search(search, verdict::Engine::Optimal, plan, Explorer::optimal())
}

/// Counts the classes and their violations. `None` if one is forbidden, or if a run fails.
fn counts<C: Build<Engine>>(
    search: &mut Search<'_, '_>,
    plan: &Arc<Plan<C>>,
    jobs: usize,
) -> Option<Searched> {
    let Search { case, budget, ref mut watch, .. } = *search;
    let shared = Mutex::new(&mut **watch);
    let watch = |count| shared.lock().unwrap_or_else(PoisonError::into_inner)(Reached::Schedules(count));
    let explorer = explorer_within(Explorer::optimal(), budget).jobs(jobs);
    let init = || {
        let recorder = Arc::new(Recorder::default());
        let (plan, its) = (Arc::clone(plan), Arc::clone(&recorder));
        let body = move || world::run::<Engine, C>(&plan, &its);
        (body, Counting { case, recorder, watch: &watch, tally: Tally::new(), fails: false })
    };
    let (report, observers) = explorer.observe(init);
    let is_unseen = matches!(report.bound, Some(Bound::Unseen(_)));
    if is_unseen || report.nondeterminism.is_some() || observers.iter().any(|its| its.fails) {
        return None;
    }
    let tally = observers.into_iter().map(|its| its.tally).reduce(Tally::merge)?;
    let (schedules, events) = (report.executions, report.events);
    // The search has completed: `Break` has no effect.
    _ = watch(schedules);
    let bound = report.bound.map(|bound| ended_by(bound, &counted(schedules, "schedule")));
    let bound = bound.or_else(|| plan.limits.summary());
    Some(Searched { tally, schedules, events, states: None, refused: None, bound, broken: None, trace: None })
}

/// The observer of one worker.
struct Counting<'c> {
    case: &'c Case,
    recorder: Arc<Recorder>,
    watch: &'c (dyn Fn(u64) -> ControlFlow<()> + Sync),
    tally: Tally,
    /// Whether it has seen a forbidden violation or a failed run.
    fails: bool,
}

impl Observer for Counting<'_> {
    fn execution(&mut self, run: &Run<'_>) -> ControlFlow<()> {
        let mut history = self.recorder.history();
        note_invocations(run, &mut history);
        self.fails |= match run.ending() {
            Ending::Complete => {
                let findings = self.tally.observe(&history);
                findings.iter().any(|finding| self.case.expectation.forbids(finding.rule))
            }
            // A run that is too long ends in a bound.
            Ending::TooLong => false,
            Ending::Deadlock(_) | Ending::Panic { .. } | Ending::Nondeterministic(_) => true,
        };
        if self.fails { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn progress(&mut self, runs: u64) -> ControlFlow<()> {
        match runs % WATCHED_EVERY {
            0 => (self.watch)(runs),
            _ => ControlFlow::Continue(()),
        }
    }
}
