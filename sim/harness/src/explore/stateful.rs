//! The stateful search: the oracle's rules run as a monitor. If one is broken, a second search
//! finds the simplest schedule that breaks it.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use selvedge_engine::mode::{Parallel, Replay, Stateful};
use selvedge_engine::{Bound, Checkpoint, Explorer, Found, Observer, Report, Run, Schedule, States};

use super::ours::{WITNESS_GRACE, broken_by, ended_by};
use super::rerun::rerun;
use super::search::Search;
use super::{Reached, Searched, Tally, Unfinished, fleet};
use crate::backends::{Engine, explorer_within};
use crate::monitor::{Noticed, Planned, Watch};
use crate::number::counted;
use crate::oracle::Rule;
use crate::scenario::Case;
use crate::trace::Trace;
use crate::verdict::{self, Budget, StateCount, Verdict};
use crate::world::{self, Build, Plan, Recorder};

/// The number of runs between two calls of `watch`.
const WATCHED_EVERY: u64 = 1 << 12;
/// The interval between progress reports.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Searches the planned case by states. Resumes from the search's checkpoint if it has one, and
/// stores a checkpoint there if the search is not complete. `classes` has the schedules and events
/// that were searched before.
pub(super) fn search<C: Build<Engine>>(
    search: &mut Search<'_, '_>,
    plan: Plan<C>,
    classes: (u64, u64),
) -> Searched {
    let (start, plan, case) = (Instant::now(), Arc::new(plan), search.case);
    if let Some(fleet) = search.fleet {
        return fleet::search(search, fleet, &plan, classes);
    }
    let Parts { report, broken, explorer, watched } = search_in_parts(search, &plan, classes, start);
    let States { count, transitions, runs, bytes, found, .. } = report.states.unwrap_or_default();
    let states = StateCount { states: count, transitions, runs, bytes, done: report.done };
    let reached = Reached::States { count, done: report.done };
    let is_enough = (search.watch)(reached).is_break();
    let bound = report.bound.map(|bound| ended_by(bound, &how_far(&states)));
    let bound = bound.or_else(|| plan.limits.summary());
    let simplest =
        |kind| (!is_enough).then(|| simplest(search, &explorer, &watched, kind, reached, start)).flatten();
    let failure = report.failure.map(|failure| failure.schedule);
    let trace = trace(case, &plan, failure, &found, simplest);
    Searched {
        tally: tally(&found, watched.noticed.has_met.load(Ordering::Relaxed)),
        schedules: classes.0 + report.executions,
        events: classes.1 + report.events,
        states: Some(states),
        refused: report.refused.map(|unsupported| unsupported.to_string()),
        bound,
        broken: report.nondeterminism.map(Verdict::Nondeterministic).or(broken),
        trace,
    }
}

/// The result of a search in parts.
struct Parts<C> {
    /// The report of the last part. Its counts are those of all parts.
    report: Report,
    /// The first failure of a run.
    broken: Option<Verdict>,
    /// The explorer of the last part, without checkpoints.
    explorer: Explorer<Stateful>,
    watched: Watched<C>,
}

/// Searches until the end or a bound. Stores a checkpoint at each interval, and continues. Starts
/// again if a run violates the monitor's assumption.
fn search_in_parts<C: Build<Engine>>(
    search: &mut Search<'_, '_>,
    plan: &Arc<Plan<C>>,
    classes: (u64, u64),
    start: Instant,
) -> Parts<C> {
    let Search { budget, ref mut kept, ref mut watch, .. } = *search;
    let progress = Arc::new(Mutex::new(Reached::States { count: 0, done: 0.0 }));
    let reached = || *progress.lock().unwrap_or_else(PoisonError::into_inner);
    let mut watched = Watched::new(plan, false);
    let mut before = kept.as_mut().and_then(|kept| kept.unfinished.take());
    let wall = before.as_ref().map(|its| its.wall).unwrap_or_default();
    loop {
        let time = budget.time.map(|most| most.saturating_sub(start.elapsed()));
        let explorer = explorer(Budget { time, ..budget }, &progress);
        let mut part = explorer.clone().jobs(budget.jobs.map_or(1, NonZeroUsize::get));
        if kept.is_some() {
            part = part.checkpointing();
        }
        if let Some(before) = before {
            watched = Watched::new(plan, before.failed_may_land);
            watched.noticed.has_met.store(before.has_met, Ordering::Relaxed);
            part = part.resume(before.checkpoint);
        }
        let (until, mut is_part) = (kept.as_ref().map(|kept| Instant::now() + kept.every), false);
        let (mut report, broken) = watched.search(&part, &mut || {
            is_part = until.is_some_and(|until| Instant::now() >= until);
            if is_part { ControlFlow::Break(()) } else { watch(reached()) }
        });
        if watched.is_surprised() {
            (before, watched) = (None, Watched::new(plan, true));
            continue;
        }
        let left = report
            .checkpoint
            .take()
            .map(|checkpoint| watched.left(checkpoint, classes, wall + start.elapsed()));
        match (kept.as_mut(), left) {
            (Some(kept), Some(left)) if is_part => {
                (kept.keep)(&left);
                before = Some(left);
                continue;
            }
            (Some(kept), left) => kept.unfinished = left,
            (None, _) => {}
        }
        if let Some(Bound::Time(most)) = &mut report.bound {
            // The whole budget, not the remainder for the last part.
            *most = budget.time.unwrap_or(*most);
        }
        return Parts { report, broken, explorer, watched };
    }
}

/// The trace to show: of the failure, or else of the gravest finding. `simplest` searches the
/// simplest schedule of a finding.
pub(super) fn trace<C: Build<Engine>>(
    case: &Case,
    plan: &Arc<Plan<C>>,
    failure: Option<Schedule>,
    found: &[Found],
    simplest: impl FnOnce(u32) -> Option<Schedule>,
) -> Option<Trace> {
    if let Some(failure) = failure {
        let trace = recorded(case, plan, Explorer::replay(failure));
        return Some(Trace { is_simplest: false, ..trace });
    }
    let found = gravest(case, found)?;
    let simplest = simplest(found.kind);
    let is_simplest = simplest.is_some();
    let any = || Explorer::continuing(found.schedule.clone());
    let trace = recorded(case, plan, simplest.map_or_else(any, Explorer::replay));
    Some(Trace { is_simplest, ..trace })
}

/// The simplest schedule that shows a finding of this kind. `None` if the search for it is stopped,
/// or exceeds the time budget.
pub(super) fn simplest<C: Build<Engine>>(
    search: &mut Search<'_, '_>,
    explorer: &Explorer<Stateful>,
    watched: &Watched<C>,
    kind: u32,
    reached: Reached,
    start: Instant,
) -> Option<Schedule> {
    let Search { budget, ref mut watch, .. } = *search;
    let mut runs = 0;
    let is_late = || budget.time.is_some_and(|most| start.elapsed() >= most + WITNESS_GRACE);
    explorer.simplest_finding(kind, watched.body(), || {
        runs += 1;
        match runs % WATCHED_EVERY {
            _ if is_late() => ControlFlow::Break(()),
            0 => watch(reached),
            _ => ControlFlow::Continue(()),
        }
    })
}

/// An explorer with the budget, which reports its progress.
pub(super) fn explorer(budget: Budget, reached: &Arc<Mutex<Reached>>) -> Explorer<Stateful> {
    let reached = Arc::clone(reached);
    let explorer =
        explorer_within(Explorer::stateful(), budget).on_progress(PROGRESS_EVERY, move |progress| {
            let count = progress.states.unwrap_or_default();
            *reached.lock().unwrap_or_else(PoisonError::into_inner) =
                Reached::States { count, done: progress.done };
        });
    match budget.states {
        Some(states) => explorer.max_states(states),
        None => explorer,
    }
}

/// Describes the progress of an incomplete search.
pub(super) fn how_far(states: &StateCount) -> String {
    format!(
        "{} of {} each, about {:.1} % of the search",
        counted(states.states, "state"),
        counted(states.bytes_each(), "byte"),
        states.done * 100.0
    )
}

fn rule_of(found: &Found) -> Rule {
    Rule::ALL[found.kind as usize]
}

pub(super) fn tally(found: &[Found], has_met: bool) -> Tally {
    let mut tally = Tally::new();
    tally.violations = found.iter().map(|found| (rule_of(found), found.states)).collect();
    // A state is counted once for each rule that it breaks.
    tally.violating = None;
    tally.vacuous = !has_met;
    tally
}

/// The gravest broken rule that the case forbids.
fn gravest<'f>(case: &Case, found: &'f [Found]) -> Option<&'f Found> {
    let forbidden = found.iter().filter(|found| case.expectation.forbids(rule_of(found)));
    forbidden.min_by_key(|found| rule_of(found))
}

fn recorded<C: Build<Engine>>(case: &Case, plan: &Arc<Plan<C>>, explorer: Explorer<Replay>) -> Trace {
    rerun(case, verdict::Engine::Stateful, plan, explorer, None).trace
}

/// Records the first failure of a run. Calls `watch` periodically.
struct FirstFailure<'a, C> {
    watched: &'a Watched<C>,
    watch: &'a (dyn Fn() -> ControlFlow<()> + Sync),
    verdict: Option<Verdict>,
}

impl<C: Build<Engine>> Observer for FirstFailure<'_, C> {
    fn execution(&mut self, run: &Run<'_>) -> ControlFlow<()> {
        self.verdict = self.verdict.take().or_else(|| broken_by(run.ending()));
        if self.watched.is_surprised() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn progress(&mut self, runs: u64) -> ControlFlow<()> {
        match runs % WATCHED_EVERY {
            0 => (self.watch)(),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// The case with its monitor.
pub(super) struct Watched<C> {
    plan: Arc<Plan<C>>,
    planned: Arc<Planned>,
    pub(super) noticed: Arc<Noticed>,
}

impl<C: Build<Engine>> Watched<C> {
    pub(super) fn new(plan: &Arc<Plan<C>>, failed_may_land: bool) -> Self {
        let planned = Arc::new(plan.planned(failed_may_land));
        Watched { plan: Arc::clone(plan), planned, noticed: Arc::default() }
    }

    /// Whether the run violated an assumption of the monitor.
    pub(super) fn is_surprised(&self) -> bool {
        !self.planned.failed_may_land && self.noticed.is_surprised.load(Ordering::Relaxed)
    }

    /// Searches until `watch` returns `Break`, or a run violates the monitor's assumption. Also
    /// returns the first failure of a run.
    fn search(
        &self,
        explorer: &Explorer<Parallel<Stateful>>,
        watch: &mut (dyn FnMut() -> ControlFlow<()> + Send),
    ) -> (Report, Option<Verdict>) {
        let watch = Mutex::new(watch);
        let watch = || watch.lock().unwrap_or_else(PoisonError::into_inner)();
        let init = || (self.body(), FirstFailure { watched: self, watch: &watch, verdict: None });
        let (report, observers) = explorer.observe(init);
        (report, observers.into_iter().find_map(|observer| observer.verdict))
    }

    /// The unfinished search.
    fn left(&self, checkpoint: Checkpoint, classes: (u64, u64), wall: Duration) -> Unfinished {
        let has_met = self.noticed.has_met.load(Ordering::Relaxed);
        Unfinished { checkpoint, has_met, failed_may_land: self.planned.failed_may_land, classes, wall }
    }

    /// The explored program.
    pub(super) fn body(&self) -> impl Fn() + use<C> {
        let (plan, planned, noticed) =
            (Arc::clone(&self.plan), Arc::clone(&self.planned), Arc::clone(&self.noticed));
        let recorder = Arc::new(Recorder::default());
        move || {
            let watch = Watch::new(&planned, &noticed);
            selvedge_engine::monitor(Rc::new(watch.clone()));
            recorder.watched_by(watch);
            world::run::<Engine, C>(&plan, &recorder);
        }
    }
}
