//! Every client of a custom cache, up to a bound.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use super::{Chosen, Setup, UnderTest};
use crate::diagnostic::Diagnostic;
use crate::prove::{self, Addition, Bounds, Family, Outcome, Proof, Request};
use crate::scenario::{Ability, Level};
use crate::trace::{lanes, reason};
use crate::verdict::{Budget, Engine};

/// Every client of a cache, up to 3 calls of `get` and `set` by 2 threads on the key `user:1`.
/// `build` creates the cache from its tiers, once in each schedule.
///
/// The cache must treat keys and values alike, and must not depend on the thread that calls it:
/// clients that differ only in their names are run once.
pub fn clients<F, C>(name: impl Into<String>, build: F) -> AllClients<F>
where
    F: Fn(Setup) -> C + Send + Sync + 'static,
    C: UnderTest,
{
    AllClients {
        build,
        name: name.into(),
        calls: 3,
        threads: 2,
        keys: vec!["user:1".to_owned()],
        additions: BTreeSet::new(),
        level: Level::Linearizable,
        budget: Budget::default(),
        jobs: NonZeroUsize::MIN,
    }
}

/// Every client of a cache within bounds. Created by [`clients`].
#[derive(Clone)]
#[must_use = "no client runs until they are proved"]
pub struct AllClients<F> {
    build: F,
    name: String,
    calls: usize,
    threads: usize,
    keys: Vec<String>,
    additions: BTreeSet<Addition>,
    level: Level,
    budget: Budget,
    jobs: NonZeroUsize,
}

impl<F> AllClients<F> {
    /// Sets the maximum number of calls in all threads together.
    pub fn calls(self, calls: usize) -> Self {
        AllClients { calls, ..self }
    }

    /// Sets the maximum number of threads.
    pub fn threads(self, threads: usize) -> Self {
        AllClients { threads, ..self }
    }

    /// Sets the keys, at most 3.
    pub fn keys<K: AsRef<str>>(self, keys: impl IntoIterator<Item = K>) -> Self {
        AllClients { keys: keys.into_iter().map(|key| key.as_ref().to_owned()).collect(), ..self }
    }

    /// Adds an operation or a condition, by its name on the command line: `delete`, `update`,
    /// `database`, `expiry`, `fault` and so on.
    ///
    /// # Panics
    ///
    /// If there is no such addition, or if it is `nodes`.
    #[track_caller]
    pub fn with(mut self, addition: &str) -> Self {
        match addition.parse() {
            Ok(Addition::Nodes) => panic!("a cache in code has one node"),
            Ok(addition) => _ = self.additions.insert(addition),
            Err(expected) => panic!("unknown addition `{addition}`: {expected}"),
        }
        self
    }

    /// Sets the consistency level that no client may break.
    pub fn consistency(self, level: Level) -> Self {
        AllClients { level, ..self }
    }

    /// Sets the number of workers, each of which searches one client at a time. It does not affect
    /// the result. The default is 1.
    pub fn jobs(self, jobs: NonZeroUsize) -> Self {
        AllClients { jobs, ..self }
    }

    /// Ends the search of a client from one start after this time. The proof then fails.
    pub fn max_time(mut self, most: Duration) -> Self {
        self.budget.time = Some(most);
        self
    }
}

/// Explores every client, from every start of the tiers. Returns the proof.
///
/// # Panics
///
/// If a client breaks the level, with the trace of the smallest such client. Also if a search is
/// not complete, if no client has a read that overlaps or follows a write, or if the bounds or the
/// additions do not fit.
#[track_caller]
pub fn prove<F, C>(clients: AllClients<F>) -> Proof
where
    F: Fn(Setup) -> C + Send + Sync + 'static,
    C: UnderTest,
{
    let AllClients { build, name, calls, threads, keys, additions, level, budget, jobs } = clients;
    let bounds = Bounds { calls, threads, keys: keys.len() };
    let build = Arc::new(build);
    let request = Request {
        engine: Engine::Auto,
        budget,
        total: None,
        jobs,
        skips_contained: true,
        shard: None,
        explore: &|exploration| exploration.run_on(Chosen(Arc::clone(&build))),
        stop: &|| false,
        progress: &|_, _| {},
    };
    let family = Family::new(name.as_str(), bounds, &additions).map(|family| family.named_keys(keys));
    let proof = family.and_then(|family| prove::prove(&family.consistency(level), Ability::ALL, &request));
    let proof = proof.unwrap_or_else(|error| panic!("{name}: {error}: {}", error.help().unwrap_or_default()));
    match &proof.outcome {
        Outcome::Proved => proof,
        Outcome::Refuted(found) => {
            let trace = found.report.trace.as_ref();
            let trace =
                trace.map_or_else(String::new, |trace| format!("\n\n{}\n{}", lanes(trace), reason(trace)));
            panic!("{name}: {proof}{}", trace.trim_end());
        }
        Outcome::Bounded(_) | Outcome::Part(_) | Outcome::Vacuous => panic!("{name}: {proof}"),
    }
}

impl<F> std::fmt::Debug for AllClients<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let AllClients { name, calls, threads, keys, additions, level, .. } = self;
        let mut all = f.debug_struct("AllClients");
        all.field("name", name).field("calls", calls).field("threads", threads).field("keys", keys);
        all.field("additions", additions).field("level", level).finish_non_exhaustive()
    }
}
