//! The search by states: the oracle's rules run along as a monitor, and the simplest schedule that breaks one is looked for
//! once it is known that there is one.

use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use selvedge_engine::{Explorer, Found, States};

use super::ours::{broken_by, ended_by};
use super::rerun::rerun;
use super::{Reached, Searched, Tally};
use crate::backends::{Engine, explorer_within};
use crate::monitor::{Possible, Watch};
use crate::number::counted;
use crate::oracle::Rule;
use crate::protocols::Build;
use crate::scenario::Case;
use crate::trace::Trace;
use crate::verdict::{self, Budget, StateCount, Verdict};
use crate::world::{self, Plan, Recorder};

/// How many runs go by between two looks at whoever watches the search.
const WATCHED_EVERY: u64 = 1 << 12;
/// How often the search says how far it has come: nobody reads faster.
const TOLD_EVERY: Duration = Duration::from_millis(100);

/// Searches the planned case by its states, within the budget, and until `watch` breaks it off.
pub(super) fn search<C: Build<Engine>>(
    case: &Case,
    plan: Plan<C>,
    budget: Budget,
    watch: &mut dyn FnMut(Reached) -> ControlFlow<()>,
) -> Searched {
    if let Some(why) = unfit(case) {
        return Searched::refused(format!("{why}. Use --engine optimal"));
    }
    let plan = Arc::new(plan);
    let watched = Watched::new(&plan);
    let mut broken = None;
    let told = Arc::new(Mutex::new(Reached::States { count: 0, done: 0.0 }));
    let reached = || *told.lock().unwrap_or_else(PoisonError::into_inner);
    let explorer = explorer(budget, &told);
    let report = explorer.run_while(
        watched.body(),
        |run| {
            broken = broken.take().or_else(|| broken_by(run.ending()));
            ControlFlow::Continue(())
        },
        |runs| if runs % WATCHED_EVERY == 0 { watch(reached()) } else { ControlFlow::Continue(()) },
    );
    let States { count, transitions, runs, bytes, found, .. } = report.states.unwrap_or_default();
    let states = StateCount { states: count, transitions, runs, bytes, done: report.done };
    let reached = Reached::States { count, done: report.done };
    let is_enough = watch(reached).is_break();
    if let Some(difference) = report.nondeterminism {
        broken = Some(Verdict::Nondeterministic(difference));
    }
    let bound = report.bound.map(|bound| ended_by(bound, &how_far(&states)));
    let tally = tally(&found, watched.has_met.load(Ordering::Relaxed));
    let trace = match &report.failure {
        Some(failure) => Some(recorded(case, &plan, Explorer::replay(failure.schedule.clone()))),
        None => gravest(case, &found).map(|found| {
            let start = Instant::now();
            let mut runs = 0;
            // The simplest schedule may take as long again.
            let is_late = || budget.time.is_some_and(|most| start.elapsed() >= most);
            let simplest = (!is_enough).then(|| {
                explorer.simplest_finding(found.kind, watched.body(), || {
                    runs += 1;
                    match runs % WATCHED_EVERY {
                        _ if is_late() => ControlFlow::Break(()),
                        0 => watch(reached),
                        _ => ControlFlow::Continue(()),
                    }
                })
            });
            let any = || Explorer::continuing(found.schedule.clone());
            recorded(case, &plan, simplest.flatten().map_or_else(any, Explorer::replay))
        }),
    };
    Searched {
        tally,
        schedules: report.executions,
        events: report.events,
        states: Some(states),
        refused: report.refused.map(|unfit| unfit.to_string()),
        bound,
        broken,
        trace,
    }
}

/// The explorer within the budget, which tells how far it has come.
fn explorer(budget: Budget, told: &Arc<Mutex<Reached>>) -> Explorer {
    let told = Arc::clone(told);
    let explorer = explorer_within(Explorer::stateful(), budget).on_progress(TOLD_EVERY, move |progress| {
        let count = progress.states.unwrap_or_default();
        *told.lock().unwrap_or_else(PoisonError::into_inner) = Reached::States { count, done: progress.done };
    });
    match budget.states {
        Some(states) => explorer.max_states(states),
        None => explorer,
    }
}

/// How far a search came that was not complete.
fn how_far(states: &StateCount) -> String {
    format!(
        "{} of {} each, about {:.1} % of the search",
        counted(states.states, "state"),
        counted(states.bytes_each(), "byte"),
        states.done * 100.0
    )
}

/// Why the case cannot be searched by its states, if so. A monitor takes it that what is being written comes to be, and is of
/// the key that was called; and what a network remembers of an operation is no object of the engine's.
pub(super) fn unfit(case: &Case) -> Option<&'static str> {
    if case.faults > 0 || case.drops > 0 {
        return Some("things go wrong in it, and nobody knows then which writes still come");
    }
    (!case.derived.is_empty()).then_some("a write in it is of several keys")
}

fn rule_of(found: &Found) -> Rule {
    Rule::ALL[found.kind as usize]
}

fn tally(found: &[Found], has_met: bool) -> Tally {
    let mut tally = Tally::new();
    tally.violations = found.iter().map(|found| (rule_of(found), found.states)).collect();
    tally.vacuous = !has_met;
    tally
}

/// The gravest of the rules that are broken and must not be.
fn gravest<'f>(case: &Case, found: &'f [Found]) -> Option<&'f Found> {
    let forbidden = found.iter().filter(|found| case.expectation.forbids(rule_of(found)));
    forbidden.min_by_key(|found| rule_of(found))
}

fn recorded<C: Build<Engine>>(case: &Case, plan: &Arc<Plan<C>>, explorer: Explorer) -> Trace {
    rerun(case, verdict::Engine::Stateful, plan, explorer, None).trace
}

/// The case with its monitor.
struct Watched<C> {
    plan: Arc<Plan<C>>,
    possible: Arc<Possible>,
    has_met: Arc<AtomicBool>,
}

impl<C: Build<Engine>> Watched<C> {
    fn new(plan: &Arc<Plan<C>>) -> Self {
        let possible = Arc::new(plan.possible());
        Watched { plan: Arc::clone(plan), possible, has_met: Arc::default() }
    }

    /// What is run.
    fn body(&self) -> impl Fn() + use<C> {
        let (plan, possible, has_met) =
            (Arc::clone(&self.plan), Arc::clone(&self.possible), Arc::clone(&self.has_met));
        let recorder = Arc::new(Recorder::default());
        move || {
            let watch = Watch::new(&possible, &has_met);
            selvedge_engine::monitor(Rc::new(watch.clone()));
            recorder.watched_by(watch);
            world::run::<Engine, C>(&plan, &recorder);
        }
    }
}
