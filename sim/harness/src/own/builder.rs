//! A scenario in code.

use std::any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::Location;
use std::time::Duration;

use super::{Cache, Chosen, Setup};
use crate::oracle::Rule;
use crate::scenario::{
    Case, Expectation, Expected, Level, Local, Op, OpKind, RemoteStart, Source, SourceLine, ThreadSpec,
};
use crate::verdict::Budget;

/// A scenario in code, of a cache that `build` makes of its tiers. It is asked for once in each schedule.
///
/// Unless told otherwise, the local tier starts empty and the remote one with version 0 of every key; the cache must be
/// linearizable, and the search complete.
#[track_caller]
pub fn scenario<F, C>(name: impl Into<String>, build: F) -> ScenarioBuilder<F>
where
    F: Fn(Setup) -> C + Send + Sync + 'static,
    C: Cache,
{
    let here = Location::caller();
    ScenarioBuilder {
        build,
        case: Case {
            scenario: name.into(),
            name: "only".to_owned(),
            labels: Vec::new(),
            cache: short(any::type_name::<C>()),
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
    }
}

/// A scenario in code: see [`scenario`].
#[derive(Clone)]
#[must_use = "a scenario does nothing until it is checked"]
pub struct ScenarioBuilder<F> {
    build: F,
    case: Case,
    budget: Budget,
}

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

    /// One more thread, with its operations in order: `get KEY`, `set KEY` or `delete KEY`.
    ///
    /// # Panics
    ///
    /// If there is a thread of this name, if it does nothing, or if one of the operations is none.
    #[track_caller]
    pub fn thread<O: AsRef<str>>(
        mut self,
        name: impl Into<String>,
        operations: impl IntoIterator<Item = O>,
    ) -> Self {
        let name = name.into();
        let mut ops = Vec::new();
        for operation in operations {
            match operation.as_ref().parse::<Op>() {
                Ok(op) if matches!(op.kind, OpKind::Get | OpKind::Set | OpKind::Delete) => ops.push(op),
                Ok(op) => {
                    panic!("a cache of one's own has no `{}`: only get, set and delete", op.kind.name())
                }
                Err(mistake) => panic!("{mistake}"),
            }
        }
        assert!(
            !ops.is_empty(),
            "the thread `{name}` does nothing: give it an operation, such as \"get user:1\""
        );
        let known = self.case.threads.iter().any(|thread| thread.name == name);
        assert!(!known, "two threads have the name `{name}`: give each its own");
        self.case.threads.push(ThreadSpec { name, ops, spared: false });
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

    /// Ends the search after so many schedules. It has then failed, unless it [may be bounded](Self::bounded).
    pub fn max_schedules(mut self, most: u64) -> Self {
        self.budget.schedules = Some(most);
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

    #[track_caller]
    pub(super) fn finish(self) -> (Case, Chosen<F>, Budget) {
        let name = &self.case.scenario;
        assert!(
            !self.case.threads.is_empty(),
            "the scenario `{name}` has no thread: add one with .thread(…)"
        );
        (self.case, Chosen(self.build), self.budget)
    }
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
