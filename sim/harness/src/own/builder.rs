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

/// As many threads as a search has room for, beside the observer and the clock.
const MOST_THREADS: usize = selvedge_engine::MAX_TASKS - 2;
/// More faults than this are too many to explore.
const MOST_FAULTS: u32 = 8;

/// A scenario in code, of a cache that `build` makes of its tiers. It is asked for once in each schedule.
///
/// Unless told otherwise, the local tier starts empty and the remote one with version 0 of every key, and is the source of
/// truth; nothing goes wrong; the cache must be linearizable, and the search complete. The methods have the names of the fields
/// of a scenario in a file.
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
            local: Local::Cold,
            remote: RemoteStart::Present,
            source: Source::default(),
            derived: BTreeMap::new(),
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

/// A scenario in code: see [`scenario`].
#[derive(Clone)]
#[must_use = "a scenario does nothing until it is checked"]
pub struct ScenarioBuilder<F> {
    build: F,
    case: Case,
    budget: Budget,
    engine: Engine,
    axes: Vec<Axis>,
}

/// A case of a scenario, as an [axis](ScenarioBuilder::axis) changes it.
pub type Draft = ScenarioBuilder<()>;

impl<F> ScenarioBuilder<F> {
    /// What the process-local tier holds at the start.
    pub fn local(mut self, local: Local) -> Self {
        self.case.local = local;
        self
    }

    /// What the remote tier holds at the start.
    pub fn remote(mut self, remote: RemoteStart) -> Self {
        self.case.remote = remote;
        self
    }

    /// Where the truth is. With [`Source::Database`], `get KEY` [loads](super::Cache::load) what no tier has; `set KEY` and
    /// `delete KEY` write the database, and then [delete](super::Cache::delete) the key in the cache until that is
    /// acknowledged.
    pub fn source(mut self, source: Source) -> Self {
        self.case.source = source;
        self
    }

    /// These keys' values are made from the value of `key`: each write of it makes a version of them.
    pub fn derived<K: AsRef<str>>(mut self, key: &str, made: impl IntoIterator<Item = K>) -> Self {
        let made = made.into_iter().map(|made| Key::new(made.as_ref())).collect();
        self.case.derived.insert(Key::new(key), made);
        self
    }

    /// How many commands and loads fail at most in a run: any of them, in each way. See [`Redis::try_get`](super::Redis::try_get)
    /// and [`Fallible`](super::Fallible). If an operation sends more commands than those of the caches that ship, the further
    /// ones do not fail, and the search is bounded.
    ///
    /// # Panics
    ///
    /// If they are more than 8, as [`drops`](Self::drops).
    #[track_caller]
    pub fn faults(mut self, most: u32) -> Self {
        assert!(most <= MOST_FAULTS, "{most} faults are too many to explore: expected 0 to {MOST_FAULTS}");
        self.case.faults = most;
        self
    }

    /// How many operations' futures are dropped at most in a run: at any point at which they wait. A cache without async,
    /// such as one of [`closures`](super::closures), has none.
    #[track_caller]
    pub fn drops(mut self, most: u32) -> Self {
        assert!(most <= MOST_FAULTS, "{most} drops are too many to explore: expected 0 to {MOST_FAULTS}");
        self.case.drops = most;
        self
    }

    /// Something is otherwise than usual.
    pub fn special(mut self, special: Special) -> Self {
        self.case.specials.insert(special);
        self
    }

    /// One more thread, with its operations in order: `get KEY`, `set KEY`, `delete KEY`, `evict KEY`, `forget KEY`,
    /// `told KEY` or `told-all KEY`.
    ///
    /// # Panics
    ///
    /// If there is a thread of this name, if it does nothing, or if one of the operations is none.
    #[track_caller]
    pub fn thread<O: AsRef<str>>(
        self,
        name: impl Into<String>,
        operations: impl IntoIterator<Item = O>,
    ) -> Self {
        self.more_threads(name.into(), 1, operations, false)
    }

    /// As many threads with these operations: two of the name `reader` are `reader-1` and `reader-2`.
    ///
    /// # Panics
    ///
    /// As [`thread`](Self::thread); and if the count is 0.
    #[track_caller]
    pub fn threads<O: AsRef<str>>(
        self,
        name: impl Into<String>,
        count: usize,
        operations: impl IntoIterator<Item = O>,
    ) -> Self {
        self.more_threads(name.into(), count, operations, false)
    }

    /// One more thread, in which nothing goes wrong, whatever the faults and drops.
    ///
    /// # Panics
    ///
    /// As [`thread`](Self::thread).
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
        assert!(count > 0, "there are 0 threads `{name}`: leave them out, or let the count be 1 or more");
        for copy in 1..=count {
            let name = if count == 1 { name.clone() } else { format!("{name}-{copy}") };
            let known = self.case.threads.iter().any(|thread| thread.name == name);
            assert!(!known, "two threads have the name `{name}`: give each its own");
            self.case.threads.push(ThreadSpec { name, ops: ops.clone(), spared });
        }
        self
    }

    /// An axis: each of these values makes cases of its own, with what `set` says for it. The scenario is every combination of
    /// the values of all axes, and [`check_all`](super::check_all) explores it. A value's label is what it is shown as.
    ///
    /// ```
    /// use selvedge_sim::own::{Local, RemoteStart, Setup, check_all, closures, scenario};
    /// use selvedge_sim::own::engine::future::block_on_instrumented as block_on;
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
    ///     .axis("remote", [RemoteStart::Present, RemoteStart::Absent], |case, remote| case.remote(*remote))
    ///     .axis("readers", [1, 2], |case, &readers| case.threads("reader", readers, ["get user:1"])),
    /// );
    /// let cases: Vec<_> = reports.iter().map(|report| (report.case.as_str(), report.schedules)).collect();
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
    /// If there is an axis of this name, if it has no value, or if two of its values have the same label.
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

    /// The level that no schedule may break.
    pub fn consistency(mut self, level: Level) -> Self {
        self.case.expectation.expected = Expected::Consistency(level);
        self
    }

    /// Makes it a control: each of these rules must be found broken in some schedule, and no other in any.
    pub fn violations(mut self, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.case.expectation.expected = Expected::Violations(rules.into_iter().collect());
        self
    }

    /// Which of our engines searches: [`Engine::Optimal`] unless told, [`Engine::Naive`], or [`Engine::Stateful`].
    ///
    /// A search by states takes two states for one if they differ in nothing that it sees. To choose it is to promise that what
    /// the cache's operations share, and what they leave for later ones, is all in the tiers of the [`Setup`] and in objects of
    /// the [`engine`](super::engine): not in a std lock or map, and not behind a connection of redis-rs.
    ///
    /// # Panics
    ///
    /// If the engine is loom or shuttle: caches in code are not built for these.
    #[track_caller]
    pub fn engine(mut self, engine: Engine) -> Self {
        let is_ours = !matches!(engine, Engine::Loom | Engine::Shuttle);
        assert!(is_ours, "a scenario in code is not built for {engine}: expected optimal, stateful or naive");
        self.engine = engine;
        self
    }

    /// Ends the search after so many schedules. It has then failed, unless it [may be bounded](Self::bounded).
    pub fn max_schedules(mut self, most: u64) -> Self {
        self.budget.schedules = Some(most);
        self
    }

    /// Ends a search by states after so many of them. It has then failed, unless it [may be bounded](Self::bounded).
    pub fn max_states(mut self, most: u64) -> Self {
        self.budget.states = Some(most);
        self
    }

    /// Ends the search after so much time. It has then failed, unless it [may be bounded](Self::bounded).
    pub fn max_time(mut self, most: Duration) -> Self {
        self.budget.time = Some(most);
        self
    }

    /// A search that its budget ends, without having found anything, is good enough.
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

    /// Every case, and what builds the cache.
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

    /// The case has this label on one more axis.
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

/// A type's name without its path and its parameters.
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
