//! The search by states: the oracle's rules run along as a monitor, and the simplest schedule that breaks one is looked for
//! once it is known that there is one.

use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use selvedge_engine::{Explorer, Found, Schedule, States};

use super::ours::{broken_by, ended_by};
use super::rerun::rerun;
use super::{Searched, Tally};
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

/// Searches the planned case by its states, within the budget, and until `watch` breaks it off.
pub(super) fn search<C: Build<Engine>>(
    case: &Case,
    plan: Plan<C>,
    budget: Budget,
    watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Searched {
    if let Some(why) = unfit(case) {
        return Searched {
            tally: Tally::new(),
            schedules: 0,
            events: 0,
            states: None,
            bound: Some(format!("not searched by states: {why}")),
            broken: None,
            trace: None,
        };
    }
    let plan = Arc::new(plan);
    let watched = Watched::new(&plan);
    let mut broken = None;
    let explorer = explorer_within(Explorer::stateful(), budget);
    let report = explorer.run_while(
        watched.body(),
        |run| {
            broken = broken.take().or_else(|| broken_by(run.ending()));
            ControlFlow::Continue(())
        },
        |runs| if runs % WATCHED_EVERY == 0 { watch(runs) } else { ControlFlow::Continue(()) },
    );
    let States { count, transitions, runs, bytes, found, .. } = report.states.clone().unwrap_or_default();
    if std::env::var_os("NUMBERS").is_some() { eprintln!("DEBUG states {count} transitions {transitions} runs {runs} bytes {bytes} foreseen {} events {}", report.states.as_ref().map_or(0, |s| s.foreseen), report.events); }
    // The search is over: nothing is left to be broken off.
    _ = watch(runs);
    if let Some(difference) = report.nondeterminism {
        broken = Some(Verdict::Nondeterministic(difference));
    }
    let bound = report.bound.map(|bound| ended_by(bound, &counted(count, "state")));
    let refused = report.refused.map(|unfit| format!("not searched by states: {unfit}"));
    let tally = tally(&found, watched.has_met.load(Ordering::Relaxed));
    let trace = match &report.failure {
        Some(failure) => Some(recorded(case, &plan, failure.schedule.clone())),
        None => trace(case, &plan, &watched, &found, &explorer),
    };
    Searched {
        tally,
        schedules: report.executions,
        events: report.events,
        states: Some(StateCount { states: count, transitions, runs, bytes }),
        bound: refused.or(bound),
        broken,
        trace,
    }
}

/// Why the case cannot be searched by its states, if so. A monitor takes it that what is being written comes to be, and is of
/// the key that was called; and what a network remembers of an operation is no object of the engine's.
fn unfit(case: &Case) -> Option<&'static str> {
    if case.faults > 0 || case.drops > 0 {
        return Some(
            "things go wrong in it, and nobody knows then which writes still come. Use --engine optimal",
        );
    }
    (!case.derived.is_empty()).then_some("a write in it is of several keys. Use --engine optimal")
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

/// The simplest schedule that breaks the gravest of the rules that are broken and must not be.
fn trace<C: Build<Engine>>(
    case: &Case,
    plan: &Arc<Plan<C>>,
    watched: &Watched<C>,
    found: &[Found],
    explorer: &Explorer,
) -> Option<Trace> {
    let forbidden = found.iter().filter(|found| case.expectation.forbids(rule_of(found)));
    let gravest = forbidden.min_by_key(|found| rule_of(found))?;
    let simplest = explorer.simplest_finding(gravest.kind, watched.body());
    Some(recorded(case, plan, simplest?))
}

fn recorded<C: Build<Engine>>(case: &Case, plan: &Arc<Plan<C>>, schedule: Schedule) -> Trace {
    rerun(case, verdict::Engine::Stateful, plan, schedule, None).trace
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
