//! The result of exploring one case.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use crate::oracle::Rule;
use crate::trace::Trace;

/// The search engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// `Optimal`, then `Stateful` if the case is large and supports it. A report names the chosen
    /// engine; it has `Auto` only if nothing was searched.
    Auto,
    /// Selvedge's: each class of schedules exactly once.
    Optimal,
    /// Selvedge's: each state exactly once.
    Stateful,
    /// Selvedge's: every interleaving, to check the other engines.
    Naive,
    /// Selvedge's: each execution graph of the memory model RC11 exactly once. The other engines of
    /// Selvedge assume sequential consistency.
    Rc11,
    /// loom: C11 weak memory, for small cases. Requires the feature `loom`.
    Loom,
    /// shuttle's depth-first search. Requires the feature `shuttle`.
    Shuttle,
}

impl Engine {
    /// Its name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Auto => "auto",
            Engine::Optimal => "optimal",
            Engine::Stateful => "stateful",
            Engine::Naive => "naive",
            Engine::Rc11 => "rc11",
            Engine::Loom => "loom",
            Engine::Shuttle => "shuttle",
        }
    }

    /// The memory model under which the engine explores.
    pub fn memory(self) -> &'static str {
        match self {
            Engine::Rc11 => "RC11",
            Engine::Loom => "C11, as far as loom models it",
            Engine::Auto | Engine::Optimal | Engine::Stateful | Engine::Naive | Engine::Shuttle => {
                "sequential consistency"
            }
        }
    }

    /// The feature of this crate that the engine requires, if it is not enabled.
    pub fn missing_feature(self) -> Option<&'static str> {
        match self {
            Engine::Loom if cfg!(not(feature = "loom")) => Some("loom"),
            Engine::Shuttle if cfg!(not(feature = "shuttle")) => Some("shuttle"),
            _ => None,
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The bounds of the search of one case. `None` is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Executed schedules.
    pub schedules: Option<u64>,
    /// Stored states of a stateful search.
    pub states: Option<u64>,
    /// Wall-clock time.
    pub time: Option<Duration>,
    /// Workers of a search by states, or by classes without a bound on schedules; `None` is 1. They
    /// do not affect the report.
    pub jobs: Option<NonZeroUsize>,
}

/// The verdict of a case. Only a complete search is `Clean`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every schedule was searched, and none breaks the required consistency.
    Clean,
    /// The budget ended the search before anything was found. Names the bound and the progress.
    Bounded(String),
    /// No read overlapped or followed a write of its key, so no rule could be broken.
    Vacuous,
    /// These rules were broken.
    Violated(BTreeSet<Rule>),
    /// Some schedule blocks for ever.
    Deadlock,
    /// Some schedule panics, with this message.
    Panic(String),
    /// A repeated schedule had another result. Names the first step that differs.
    Nondeterministic(String),
}

impl Verdict {
    /// The verdict in one word, for reports; for a violation, the gravest broken rule.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Clean => "clean",
            Verdict::Bounded(_) => "bounded",
            Verdict::Vacuous => "vacuous",
            Verdict::Violated(rules) => rules.first().map_or("violated", |rule| rule.name()),
            Verdict::Deadlock => "deadlock",
            Verdict::Panic(_) => "panic",
            Verdict::Nondeterministic(_) => "nondeterministic",
        }
    }
}

/// The size of a stateful search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StateCount {
    /// Distinct states.
    pub states: u64,
    /// Steps between states.
    pub transitions: u64,
    /// Executed runs, including those cut short at a known state.
    pub runs: u64,
    /// The memory of the states, in bytes.
    pub bytes: u64,
    /// The searched fraction, from 0 to 1; an estimate if the search is not complete.
    pub done: f64,
}

impl StateCount {
    /// The memory per state, in bytes.
    pub fn bytes_each(&self) -> u64 {
        self.bytes.checked_div(self.states).unwrap_or(0)
    }
}

/// The result of exploring one case, with its counts.
#[derive(Clone, Debug)]
pub struct CaseReport {
    /// The scenario's name.
    pub scenario: String,
    /// The case's name within it.
    pub case: String,
    /// The cache under test.
    pub cache: String,
    /// The engine that searched.
    pub engine: Engine,
    /// Why [`Engine::Auto`] did not choose the usual engine, if so.
    pub engine_reason: Option<String>,
    /// Executed schedules (`optimal`: classes; `rc11`: execution graphs; `stateful`: those that
    /// ended in a new state, and those executed before `Auto` chose this engine).
    pub schedules: u64,
    /// Executed events in all.
    pub events: u64,
    /// The size of a stateful search.
    pub states: Option<StateCount>,
    /// The schedules (`optimal`: classes; `stateful`: states) that break each rule.
    pub violations: BTreeMap<Rule, u64>,
    /// The schedules that break at least one rule; `None` under `stateful`, which counts per rule.
    pub violating: Option<u64>,
    /// The verdict.
    pub verdict: Verdict,
    /// Whether the search covered every schedule.
    pub complete: bool,
    /// The wall-clock time.
    pub wall: Duration,
    /// The recorded trace of the simplest run with the violation, the deadlock or the panic.
    pub trace: Option<Trace>,
}

impl CaseReport {
    /// The number of searched schedules, execution graphs or states, with the noun.
    pub fn searched(&self) -> (u64, &'static str) {
        let runs = if self.engine == Engine::Rc11 { "execution graph" } else { "schedule" };
        self.states.map_or((self.schedules, runs), |states| (states.states, "state"))
    }
}
