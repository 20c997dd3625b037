//! Explores a case with one engine.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Instant;

use selvedge_engine::Explorer;

#[cfg(any(feature = "loom", feature = "shuttle"))]
use super::peers;
use super::{Kept, Reached, Tally, auto, ours, stateful};
use crate::backends;
#[cfg(feature = "shuttle")]
use crate::backends::Draw;
use crate::protocols::{Build, Caches, Protocol};
use crate::scenario::Case;
use crate::trace::Trace;
use crate::verdict::{Budget, CaseReport, Engine, StateCount, Verdict};
use crate::world::Plan;

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

/// Explores a case of a shipped protocol. Calls `progress` periodically.
///
/// # Panics
///
/// If no [`Protocol`] has the case's cache name.
// In a release build generic code is compiled again in each crate that calls it: without `inline`,
// this crate would compile all shipped caches for nothing.
#[cfg_attr(not(debug_assertions), inline)]
pub fn explore(
    case: &Case,
    engine: Engine,
    budget: Budget,
    progress: &mut (dyn FnMut(Reached) + Send),
) -> CaseReport {
    explore_among::<Protocol>(case, engine, budget, progress)
}

/// Like [`explore`], for a case that names one of the caches `C`.
///
/// # Panics
///
/// If no cache of `C` has the case's cache name, if the caches are [not built](Caches::ON_PEERS)
/// for the engine, or if the engine's [feature](Engine::missing_feature) is not enabled.
pub fn explore_among<C: Caches>(
    case: &Case,
    engine: Engine,
    budget: Budget,
    progress: &mut (dyn FnMut(Reached) + Send),
) -> CaseReport {
    explore_while::<C>(case, engine, budget, &mut |reached| {
        progress(reached);
        ControlFlow::Continue(())
    })
}

/// Like [`explore_among`]. Calls `watch` periodically with the progress, and stops when it returns
/// `Break`; the report then has the findings so far, and is bounded. loom and shuttle do not call
/// `watch`: they run until their budget ends.
///
/// # Panics
///
/// Like [`explore_among`].
pub fn explore_while<C: Caches>(
    case: &Case,
    engine: Engine,
    budget: Budget,
    watch: &mut (dyn FnMut(Reached) -> ControlFlow<()> + Send),
) -> CaseReport {
    explore_within::<C>(case, engine, budget, None, watch)
}

/// Like [`explore_while`]. A stateful search resumes from `kept`, and stores a checkpoint there if
/// it does not complete. The report and the budget of states cover all parts of the search.
///
/// # Panics
///
/// Like [`explore_among`].
pub fn explore_resumable<C: Caches>(
    case: &Case,
    engine: Engine,
    budget: Budget,
    kept: &mut Kept<'_>,
    watch: &mut (dyn FnMut(Reached) -> ControlFlow<()> + Send),
) -> CaseReport {
    let before = kept.unfinished.as_ref().map(|its| its.wall).unwrap_or_default();
    let report = explore_within::<C>(case, engine, budget, Some(kept), watch);
    CaseReport { wall: before + report.wall, ..report }
}

fn explore_within<C: Caches>(
    case: &Case,
    engine: Engine,
    budget: Budget,
    kept: Option<&mut Kept<'_>>,
    watch: &mut (dyn FnMut(Reached) -> ControlFlow<()> + Send),
) -> CaseReport {
    let start = Instant::now();
    if engine == Engine::Auto {
        let (engine, engine_reason, searched) = auto::search::<C>(case, budget, kept, watch);
        return CaseReport { engine_reason, ..report(case, engine, searched, start) };
    }
    let mut ours = |explorer| ours::search(case, engine, Plan::<C>::new(case), explorer, budget, watch);
    let searched = match engine {
        Engine::Auto => unreachable!("`Auto` has been resolved above"),
        Engine::Optimal => ours(Explorer::optimal()),
        Engine::Stateful if case.unfit_for_states().is_some() => {
            Searched { refused: case.unfit_for_states(), ..ours(Explorer::optimal()) }
        }
        Engine::Stateful => stateful::search(case, Plan::<C>::new(case), budget, (0, 0), kept, watch),
        Engine::Naive => ours(Explorer::naive()),
        #[cfg(feature = "loom")]
        Engine::Loom if C::ON_PEERS => peers::search::<backends::Loom, C>(case, budget),
        #[cfg(feature = "shuttle")]
        Engine::Shuttle if C::ON_PEERS => peers::search::<backends::Shuttle, C>(case, budget),
        Engine::Loom | Engine::Shuttle => match engine.missing_feature() {
            Some(feature) => panic!("the engine {engine} requires the feature `{feature}` of selvedge-sim"),
            None => panic!("these caches support our engines only: use auto, optimal, stateful or naive"),
        },
    };
    report(case, engine, searched, start)
}

/// Runs a case of a shipped protocol in `schedules` schedules, which shuttle samples by the seed.
/// For cases with too many schedules to explore. Without a finding, the result is bounded, never
/// clean.
///
/// # Panics
///
/// Like [`explore`].
#[cfg(feature = "shuttle")]
#[cfg_attr(not(debug_assertions), inline)]
pub fn draw(case: &Case, by: Draw, seed: u64, schedules: u64) -> CaseReport {
    let start = Instant::now();
    report(case, Engine::Shuttle, peers::draw::<Protocol>(case, by, seed, schedules), start)
}

/// Explores a case on the given cache, regardless of the case's cache name, with one of our
/// engines. `Auto` means `Optimal`: a cache that scenarios do not name has not promised to support
/// stateful search.
///
/// # Panics
///
/// If the engine is loom or shuttle.
pub(crate) fn explore_on<B: Build<backends::Engine>>(
    case: &Case,
    engine: Engine,
    cache: B,
    budget: Budget,
) -> CaseReport {
    let start = Instant::now();
    let plan = Plan { sends_anything: true, ..Plan::of(case, cache) };
    let watch = &mut |_| ControlFlow::Continue(());
    let (engine, searched) = match engine {
        Engine::Auto | Engine::Optimal => {
            let by = Engine::Optimal;
            (by, ours::search(case, by, plan, Explorer::optimal(), budget, watch))
        }
        Engine::Naive => (engine, ours::search(case, engine, plan, Explorer::naive(), budget, watch)),
        Engine::Stateful => (engine, stateful::search(case, plan, budget, (0, 0), None, watch)),
        Engine::Loom | Engine::Shuttle => panic!("a scenario in code supports our engines only"),
    };
    report(case, engine, searched, start)
}

fn report(case: &Case, engine: Engine, searched: Searched, start: Instant) -> CaseReport {
    let complete = searched.bound.is_none() && searched.refused.is_none() && searched.broken.is_none();
    let verdict = verdict(case, &searched);
    CaseReport {
        scenario: case.scenario.clone(),
        case: case.name.clone(),
        cache: case.cache.clone(),
        engine,
        engine_reason: None,
        schedules: searched.schedules,
        events: searched.events,
        states: searched.states,
        violating: searched.tally.violating,
        violations: searched.tally.violations,
        verdict,
        complete,
        wall: start.elapsed(),
        trace: searched.trace,
    }
}

/// The gravest verdict that applies.
fn verdict(case: &Case, searched: &Searched) -> Verdict {
    if let Some(broken) = &searched.broken {
        return broken.clone();
    }
    let rules = searched.tally.violations.keys().copied().filter(|&rule| case.expectation.forbids(rule));
    let broken: BTreeSet<_> = rules.collect();
    if !broken.is_empty() {
        return Verdict::Violated(broken);
    }
    if let Some(why) = &searched.refused {
        return Verdict::Bounded(format!("not searched by states: {why}"));
    }
    if let Some(bound) = &searched.bound {
        return Verdict::Bounded(bound.clone());
    }
    if searched.tally.vacuous { Verdict::Vacuous } else { Verdict::Clean }
}
