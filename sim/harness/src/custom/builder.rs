//! A scenario in code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};
use std::panic::Location;
use std::time::Duration;

use super::axes::Axis;
use super::{Setup, UnderTest};
use crate::history::Key;
use crate::oracle::Rule;
use crate::scenario::{
    Case, Expectation, Expected, Level, Local, Op, OpKind, RemoteStart, Source, SourceLine, Special,
    ThreadSpec,
};
use crate::verdict::{Budget, Engine};

/// The maximum number of threads: the engine's limit, less the observer and the clock.
const MOST_THREADS: usize = selvedge_engine::MAX_TASKS - 2;
/// The maximum number of faults, and of drops: more are too many to explore.
const MOST_FAULTS: u32 = 8;

/// Creates a scenario in code. `build` creates the cache from its tiers, once in each schedule.
///
/// By default, the local tier is empty; the remote tier has version 0 of every key, and is the
/// source of truth; there are no faults; the cache must be linearizable, and the search complete.
/// The methods have the names of the fields in a scenario file.
#[track_caller]
pub fn scenario<F, C>(name: impl Into<String>, build: F) -> ScenarioBuilder<F>
where
    F: Fn(Setup) -> C + Send + Sync + 'static,
    C: UnderTest,
{
    let here = Location::caller();
    ScenarioBuilder {
        build,
        case: Case {
            scenario: name.into(),
            name: "only".to_owned(),
            labels: Vec::new(),
            cache: short(C::name()),
            script: None,
            local: Local::Cold,
            remote: RemoteStart::Present,
            source: Source::default(),
            derived: BTreeMap::new(),
            nodes: 1,
            faults: 0,
            drops: 0,
            specials: BTreeSet::new(),
            threads: Vec::new(),
            expectation: Expectation { expected: Expected::Consistency(Level::Linearizable), bounded: false },
            expected_at: SourceLine { file: here.file().to_owned(), line: here.line() },
        },
        budget: Budget::default(),
        engine: Engine::Optimal,
        axes: Vec::new(),
    }
}

/// A scenario in code. Created by [`scenario`].
#[derive(Clone)]
#[must_use = "a scenario does nothing until it is checked"]
pub struct ScenarioBuilder<F> {
    build: F,
    case: Case,
    budget: Budget,
    engine: Engine,
    axes: Vec<Axis>,
}

/// One case of a scenario, which an [axis](ScenarioBuilder::axis) changes.
pub type Draft = ScenarioBuilder<()>;

impl<F> ScenarioBuilder<F> {
    /// Sets the initial contents of the local tier.
    pub fn local(mut self, local: Local) -> Self {
        self.case.local = local;
        self
    }

    /// Sets the initial contents of the remote tier.
    pub fn remote(mut self, remote: RemoteStart) -> Self {
        self.case.remote = remote;
        self
    }

    /// Sets the source of truth. With [`Source::Database`], `get KEY` [loads](super::Cache::load) a
    /// key that no tier has; `set KEY` and `delete KEY` write the database, and then
    /// [delete](super::Cache::delete) the key in the cache until a deletion is acknowledged.
    pub fn source(mut self, source: Source) -> Self {
        self.case.source = source;
        self
    }

    /// Declares derived keys: each write of `key` gives each key of `made` a new version.
    pub fn derived<K: AsRef<str>>(mut self, key: &str, made: impl IntoIterator<Item = K>) -> Self {
        let made = made.into_iter().map(|made| Key::new(made.as_ref())).collect();
        self.case.derived.insert(Key::new(key), made);
        self
    }

    /// Sets the maximum number of commands and loads that fail in a run. The search explores each
    /// failure at each of them. See [`Redis::try_get`](super::Redis::try_get) and
    /// [`Fallible`](super::Fallible). If an operation sends more commands than those of the shipped
    /// caches, the further commands do not fail, and the search is bounded.
    ///
    /// # Panics
    ///
    /// If `most` is more than 8. The same holds for [`drops`](Self::drops).
    #[track_caller]
    pub fn faults(mut self, most: u32) -> Self {
        assert!(most <= MOST_FAULTS, "{most} faults are too many to explore: expected 0 to {MOST_FAULTS}");
        self.case.faults = most;
        self
    }

    /// Sets the maximum number of operations whose futures are dropped in a run, at any point at
    /// which they wait. Has no effect on a cache without async, such as one made of
    /// [`closures`](super::closures).
    #[track_caller]
    pub fn drops(mut self, most: u32) -> Self {
        assert!(most <= MOST_FAULTS, "{most} drops are too many to explore: expected 0 to {MOST_FAULTS}");
        self.case.drops = most;
        self
    }

    /// Adds a special condition.
    pub fn special(mut self, special: Special) -> Self {
        self.case.specials.insert(special);
        self
    }

    /// Adds a thread with its operations in order, by the names of a scenario file: `get KEY`, `set
    /// KEY`, `delete KEY`, `update KEY`, `compare-and-set KEY`, `evict KEY` and so on.
    ///
    /// # Panics
    ///
    /// If a thread has this name already, if there is no operation, or if an operation is invalid.
    #[track_caller]
    pub fn thread<O: AsRef<str>>(
        self,
        name: impl Into<String>,
        operations: impl IntoIterator<Item = O>,
    ) -> Self {
        self.more_threads(name.into(), 1, operations, false)
    }

    /// Adds `count` threads with these operations. Two threads named `reader` become `reader-1` and
    /// `reader-2`.
    ///
    /// # Panics
    ///
    /// Like [`thread`](Self::thread); also if `count` is 0.
    #[track_caller]
    pub fn threads<O: AsRef<str>>(
        self,
        name: impl Into<String>,
        count: usize,
        operations: impl IntoIterator<Item = O>,
    ) -> Self {
        self.more_threads(name.into(), count, operations, false)
    }

    /// Adds a thread without faults and drops.
    ///
    /// # Panics
    ///
    /// Like [`thread`](Self::thread).
    #[track_caller]
    pub fn spared_thread<O: AsRef<str>>(
        self,
        name: impl Into<String>,
        operations: impl IntoIterator<Item = O>,
    ) -> Self {
        self.more_threads(name.into(), 1, operations, true)
    }

    #[track_caller]
    fn more_threads<O: AsRef<str>>(
        mut self,
        name: String,
        count: usize,
        operations: impl IntoIterator<Item = O>,
        spared: bool,
    ) -> Self {
        let mut ops = Vec::new();
        for operation in operations {
            match operation.as_ref().parse::<Op>() {
                Ok(op) => ops.push(op),
                Err(mistake) => panic!("{mistake}"),
            }
        }
        assert!(
            !ops.is_empty(),
            "the thread `{name}` does nothing: give it an operation, such as \"get user:1\""
        );
        assert!(count > 0, "the count of threads `{name}` is 0: remove them, or set a count of 1 or more");
        for copy in 1..=count {
            let name = if count == 1 { name.clone() } else { format!("{name}-{copy}") };
            let known = self.case.threads.iter().any(|thread| thread.name == name);
            assert!(!known, "two threads have the name `{name}`: give each its own");
            self.case.threads.push(ThreadSpec { name, node: 0, ops: ops.clone(), spared });
        }
        self
    }

    /// Adds an axis: `set` applies each value to a case of its own. The scenario has every
    /// combination of the values of all axes, and [`check_all`](super::check_all) explores them. A
    /// value's label is its `Display` text.
    ///
    /// ```
    /// use selvedge_sim::custom::{Local, RemoteStart, Setup, check_all, closures, scenario};
    /// use selvedge_sim::custom::engine::future::block_on_instrumented as block_on;
    ///
    /// // No local tier: nothing can be stale.
    /// let reports = check_all(
    ///     scenario("plain", |setup: Setup| {
    ///         closures(
    ///             setup.redis,
    ///             |redis, key| block_on(redis.get(key)),
    ///             |redis, key, value| block_on(redis.set(key, value)),
    ///             |redis, key| block_on(redis.delete(key)),
    ///         )
    ///     })
    ///     .thread("writer", ["set user:1"])
    ///     .axis("remote", [RemoteStart::Present, RemoteStart::Absent], |case, remote| {
    ///         case.remote(*remote)
    ///     })
    ///     .axis("readers", [1, 2], |case, &readers| {
    ///         case.threads("reader", readers, ["get user:1"])
    ///     }),
    /// );
    /// let cases = reports.iter().map(|report| (report.case.as_str(), report.schedules));
    /// let cases: Vec<_> = cases.collect();
    /// assert_eq!(
    ///     cases,
    ///     [
    ///         ("remote=present,readers=1", 2),
    ///         ("remote=present,readers=2", 4),
    ///         ("remote=absent,readers=1", 2),
    ///         ("remote=absent,readers=2", 4),
    ///     ]
    /// );
    /// ```
    ///
    /// # Panics
    ///
    /// If an axis has this name already, if it has no value, or if two values have the same label.
    #[track_caller]
    pub fn axis<T: Display + Send + Sync + 'static>(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = T>,
        set: impl Fn(Draft, &T) -> Draft + Send + Sync + 'static,
    ) -> Self {
        let name = name.into();
        let known = self.axes.iter().any(|axis| axis.name == name);
        assert!(!known, "two axes have the name `{name}`: give each its own");
        self.axes.push(Axis::new(name, values, set));
        self
    }

    /// Sets the consistency level that no schedule may break.
    pub fn consistency(mut self, level: Level) -> Self {
        self.case.expectation.expected = Expected::Consistency(level);
        self
    }

    /// Makes the scenario a control: each of these rules must be broken in some schedule, and no
    /// other rule in any.
    pub fn violations(mut self, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.case.expectation.expected = Expected::Violations(rules.into_iter().collect());
        self
    }

    /// Selects one of our engines: [`Engine::Optimal`] (the default), [`Engine::Naive`], or
    /// [`Engine::Stateful`].
    ///
    /// A stateful search merges states that differ only in memory that it does not see. With it,
    /// you promise that all state that the cache's operations share, or leave for later operations,
    /// is in the tiers of the [`Setup`] and in objects of the [`engine`](super::engine): not in a
    /// std lock or map, and not behind a connection of redis-rs.
    ///
    /// # Panics
    ///
    /// If the engine is loom or shuttle: they do not support caches in code.
    #[track_caller]
    pub fn engine(mut self, engine: Engine) -> Self {
        let is_ours = !matches!(engine, Engine::Loom | Engine::Shuttle);
        assert!(is_ours, "a scenario in code is not built for {engine}: expected optimal, stateful or naive");
        self.engine = engine;
        self
    }

    /// Ends the search after `most` schedules. It then fails, unless it [may be
    /// bounded](Self::bounded).
    pub fn max_schedules(mut self, most: u64) -> Self {
        self.budget.schedules = Some(most);
        self
    }

    /// Ends a stateful search after `most` states. It then fails, unless it [may be
    /// bounded](Self::bounded).
    pub fn max_states(mut self, most: u64) -> Self {
        self.budget.states = Some(most);
        self
    }

    /// Ends the search after this time. It then fails, unless it [may be bounded](Self::bounded).
    pub fn max_time(mut self, most: Duration) -> Self {
        self.budget.time = Some(most);
        self
    }

    /// Accepts a search that its budget ends without a violation.
    pub fn bounded(mut self) -> Self {
        self.case.expectation.bounded = true;
        self
    }

    pub(super) fn has_axes(&self) -> bool {
        !self.axes.is_empty()
    }

    #[track_caller]
    pub(super) fn without_axes(self) -> Self {
        assert!(
            self.axes.is_empty(),
            "the scenario `{}` has axes, and so several cases: call check_all(…)",
            self.case.scenario
        );
        self
    }

    /// Returns every case, and the builder of the cache.
    #[track_caller]
    pub(super) fn finish(self) -> (Vec<(Case, Engine, Budget)>, F) {
        let ScenarioBuilder { build, case, budget, engine, axes } = self;
        let mut drafts = vec![Draft { build: (), case, budget, engine, axes: Vec::new() }];
        for axis in &axes {
            let place = |draft: &Draft| axis.values(draft.clone(), Draft::labelled);
            drafts = drafts.iter().flat_map(place).collect();
        }
        let mut cases = Vec::new();
        for Draft { case, engine, budget, .. } in drafts {
            assert_is_possible(&case);
            cases.push((case, engine, budget));
        }
        (cases, build)
    }

    /// Adds the label of one more axis.
    fn labelled(mut self, axis: &str, label: &str) -> Self {
        let before = if self.case.labels.is_empty() { String::new() } else { format!("{},", self.case.name) };
        self.case.name = format!("{before}{axis}={label}");
        self.case.labels.push(label.to_owned());
        self
    }
}

#[track_caller]
fn assert_is_possible(case: &Case) {
    let name = &case.scenario;
    let threads = case.threads.len();
    assert!(threads > 0, "the scenario `{name}` has no thread: add one with .thread(…)");
    assert!(
        threads <= MOST_THREADS,
        "the scenario `{name}` has {threads} threads, and a search has room for {MOST_THREADS}"
    );
    let forgets = case.threads.iter().flat_map(|thread| &thread.ops).any(|op| op.kind == OpKind::Forget);
    assert!(
        !forgets || case.source == Source::Database,
        "`forget` where the source of truth is the remote tier: what the truth forgets is lost. It needs \
         .source(Source::Database)"
    );
}

impl<F> fmt::Debug for ScenarioBuilder<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScenarioBuilder")
            .field("case", &self.case)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

/// The type's name without its path and its parameters.
fn short(name: &str) -> String {
    let bare = name.split('<').next().unwrap_or(name);
    bare.rsplit("::").next().unwrap_or(bare).to_owned()
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_cache_is_called_by_its_types_last_name() {
        assert_eq!(short("tests::Aside"), "Aside");
        assert_eq!(short("a::b::Tiered<c::Key, d::Std>"), "Tiered");
    }
}
