//! A request to explore a case.

use std::fmt;
use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::time::Instant;

use selvedge_engine::Explorer;

use super::fleet::Fleet;
#[cfg(any(feature = "loom", feature = "shuttle"))]
use super::peers;
use super::search::{Search, Watch};
use super::{Kept, Searched, auto, ours, stateful, team};
use crate::backends;
use crate::protocols::{Caches, Protocol};
use crate::scenario::Case;
use crate::scripted::Named;
use crate::verdict::{Budget, CaseReport, Engine};
use crate::world::{Build, Plan};

/// A request to explore a case whose cache is one of `C`. By default: every schedule, by
/// [`Engine::Auto`].
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use selvedge_sim::explore::Exploration;
/// use selvedge_sim::protocols::{Caches, Protocol};
/// use selvedge_sim::scenario::load;
/// use selvedge_sim::verdict::{Budget, Engine};
///
/// let scenario = load("control-article", &Protocol::known()).unwrap().remove(0);
/// let mut calls = 0;
/// let report = Exploration::of(&scenario.cases[0])
///     .engine(Engine::Optimal)
///     .budget(Budget { schedules: Some(1_000), ..Budget::default() })
///     .watch(&mut |_progress| {
///         calls += 1;
///         ControlFlow::Continue(())
///     })
///     .run();
/// assert!(report.complete && calls > 0);
/// ```
pub struct Exploration<'e, 'k, C = Protocol> {
    case: &'e Case,
    engine: Engine,
    budget: Budget,
    kept: Option<&'e mut Kept<'k>>,
    watch: Option<&'e mut Watch<'e>>,
    first_only: bool,
    fleet: Option<&'e Fleet>,
    caches: PhantomData<C>,
}

impl<'e> Exploration<'e, '_> {
    /// A request for a case of a shipped protocol.
    pub fn of(case: &'e Case) -> Self {
        Exploration {
            case,
            engine: Engine::Auto,
            budget: Budget::default(),
            kept: None,
            watch: None,
            first_only: false,
            fleet: None,
            caches: PhantomData,
        }
    }
}

impl<'e, 'k, C> Exploration<'e, 'k, C> {
    /// The case names one of the caches `D`.
    pub fn among<D: Caches>(self) -> Exploration<'e, 'k, D> {
        let Exploration { case, engine, budget, kept, watch, first_only, fleet, .. } = self;
        Exploration { case, engine, budget, kept, watch, first_only, fleet, caches: PhantomData }
    }

    /// The case.
    pub fn case(&self) -> &'e Case {
        self.case
    }

    /// The search engine.
    pub fn engine(self, engine: Engine) -> Self {
        Exploration { engine, ..self }
    }

    /// The bounds of the search. If one is reached, the report has the findings so far, and is
    /// bounded.
    pub fn budget(self, budget: Budget) -> Self {
        Exploration { budget, ..self }
    }

    /// Calls `watch` periodically with the progress, and stops when it returns `Break`: the report
    /// then has the findings so far, and is bounded. loom and shuttle do not call it: they run
    /// until their budget ends.
    pub fn watch(self, watch: &'e mut Watch<'e>) -> Self {
        Exploration { watch: Some(watch), ..self }
    }

    /// A stateful search resumes from `kept`, and stores a checkpoint there if it does not
    /// complete. The report and the budget of states cover all parts of the search.
    pub fn checkpoints<'l>(self, kept: &'e mut Kept<'l>) -> Exploration<'e, 'l, C> {
        let Exploration { case, engine, budget, watch, first_only, fleet, caches, .. } = self;
        Exploration { case, engine, budget, kept: Some(kept), watch, first_only, fleet, caches }
    }

    /// A search by states is shared with other processes over this server. The report covers the
    /// states of all of them.
    pub fn fleet(self, fleet: &'e Fleet) -> Self {
        Exploration { fleet: Some(fleet), ..self }
    }

    /// A search by classes ends with the first schedule that breaks the required level, deadlocks
    /// or panics. The report then has this schedule, and is not complete. For callers that only
    /// need to know whether there is one.
    pub fn stop_at_violation(self) -> Self {
        Exploration { first_only: true, ..self }
    }

    /// Runs `search`, and reports its result with its duration, which includes earlier parts.
    fn report(
        self,
        search: impl FnOnce(&mut Search<'_, 'k>, Engine) -> (Engine, Option<String>, Searched),
    ) -> CaseReport {
        let Exploration { case, engine, budget, kept, watch, first_only, fleet, .. } = self;
        let start = Instant::now();
        let before = kept.as_ref().and_then(|kept| Some(kept.unfinished.as_ref()?.wall));
        let ignore = &mut |_| ControlFlow::Continue(());
        let watch = watch.unwrap_or(ignore);
        let (engine, engine_reason, searched) =
            search(&mut Search { case, budget, kept, watch, first_only, fleet }, engine);
        let wall = before.unwrap_or_default() + start.elapsed();
        CaseReport { engine_reason, ..searched.report(case, engine, wall) }
    }

    /// Explores the case on the given cache, regardless of the case's cache name, with one of our
    /// engines. `Auto` means `Optimal`: a cache that scenarios do not name has not promised to
    /// support stateful search.
    ///
    /// # Panics
    ///
    /// If the engine is loom or shuttle.
    pub(crate) fn run_on<B: Build<backends::Engine>>(self, cache: B) -> CaseReport {
        let plan = Plan { sends_anything: true, ..Plan::of(self.case, cache) };
        self.report(|search, engine| {
            let engine = if engine == Engine::Auto { Engine::Optimal } else { engine };
            let searched = match engine {
                Engine::Auto | Engine::Optimal => ours::search(search, engine, plan, Explorer::optimal()),
                Engine::Naive => ours::search(search, engine, plan, Explorer::naive()),
                Engine::Rc11 => ours::search(search, engine, plan, Explorer::rc11()),
                Engine::Stateful => stateful::search(search, plan, (0, 0)),
                Engine::Loom | Engine::Shuttle => panic!("a scenario in code supports our engines only"),
            };
            (engine, None, searched)
        })
    }
}

impl<C: Caches> Exploration<'_, '_, C> {
    /// Explores the case.
    ///
    /// # Panics
    ///
    /// If no cache of `C` has the case's cache name, if the caches are
    /// [not built](Caches::ON_PEERS) for the engine, or if the engine's
    /// [feature](Engine::missing_feature) is not enabled.
    // In a release build generic code is compiled again in each crate that calls it: without
    // `inline`, this crate would compile all shipped caches for nothing.
    #[cfg_attr(not(debug_assertions), inline)]
    pub fn run(self) -> CaseReport {
        self.report(|search, engine| match engine {
            Engine::Auto => auto::search::<C>(search),
            _ => (engine, None, by_engine::<C>(search, engine)),
        })
    }
}

/// Searches the case with this engine, which is not `Auto`.
fn by_engine<C: Caches>(search: &mut Search<'_, '_>, engine: Engine) -> Searched {
    let case = search.case;
    let plan = || Plan::<Named<C>>::named(case);
    match engine {
        Engine::Auto => unreachable!("`Auto` chooses another engine"),
        Engine::Optimal => team::search(search, plan()),
        Engine::Stateful => match case.unfit_for_states() {
            None => stateful::search(search, plan(), (0, 0)),
            refused => Searched { refused, ..ours::search(search, engine, plan(), Explorer::optimal()) },
        },
        Engine::Naive => ours::search(search, engine, plan(), Explorer::naive()),
        Engine::Rc11 => ours::search(search, engine, plan(), Explorer::rc11()),
        #[cfg(feature = "loom")]
        Engine::Loom if C::ON_PEERS => peers::search::<backends::Loom, C>(case, search.budget),
        #[cfg(feature = "shuttle")]
        Engine::Shuttle if C::ON_PEERS => peers::search::<backends::Shuttle, C>(case, search.budget),
        Engine::Loom | Engine::Shuttle => match engine.missing_feature() {
            Some(feature) => panic!("the engine {engine} requires the feature `{feature}` of selvedge-sim"),
            None => {
                panic!("these caches support our engines only: use auto, optimal, stateful, naive or rc11")
            }
        },
    }
}

impl<C> fmt::Debug for Exploration<'_, '_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Exploration { case, engine, budget, kept, .. } = self;
        let mut all = f.debug_struct("Exploration");
        all.field("case", case).field("engine", engine).field("budget", budget).field("kept", kept);
        all.finish_non_exhaustive()
    }
}
