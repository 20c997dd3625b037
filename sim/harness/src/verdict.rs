//! What an exploration of one case came to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use crate::oracle::Rule;
use crate::trace::Trace;

/// Which explorer runs the schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// `Optimal` for as long as that is small, and then `Stateful`, where a case can be searched so. A report has the one that
    /// it was, and this only if nothing was searched.
    Auto,
    /// Ours: each class of schedules exactly once.
    Optimal,
    /// Ours: each state exactly once.
    Stateful,
    /// Ours: every interleaving. For checking the others.
    Naive,
    /// loom: C11 weak memory, small cases.
    Loom,
    /// shuttle's depth-first search.
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
            Engine::Loom => "loom",
            Engine::Shuttle => "shuttle",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How much a search may spend on one case. `None` is "no bound".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Schedules.
    pub schedules: Option<u64>,
    /// States, of a search by them.
    pub states: Option<u64>,
    /// Wall-clock time.
    pub time: Option<Duration>,
    /// How many workers a search by states has (1 unless told). They come to the same report.
    pub jobs: Option<NonZeroUsize>,
}

/// What a case came to. `Clean` is only ever said of a complete search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every schedule was searched, and none breaks the consistency that was asked for.
    Clean,
    /// The budget ended first, and nothing was found until then. Says which bound, and how far.
    Bounded(String),
    /// No read overlapped or followed a write of its key: nothing could have gone wrong.
    Vacuous,
    /// These rules were broken.
    Violated(BTreeSet<Rule>),
    /// Some schedule blocks for ever.
    Deadlock,
    /// Some schedule panics, with this message.
    Panic(String),
    /// The case did not do the same when it was run again; says at which step it first differed.
    Nondeterministic(String),
}

impl Verdict {
    /// One word, as reports have it: the gravest broken rule's name for a violation.
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

/// How large a search of states was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StateCount {
    /// The different states.
    pub states: u64,
    /// The steps between them.
    pub transitions: u64,
    /// The runs that it took, those that were cut short at a known state included.
    pub runs: u64,
    /// The memory that the states took, in bytes.
    pub bytes: u64,
    /// Which part of the search was done, from 0 to 1: an estimate, unless it was complete.
    pub done: f64,
}

impl StateCount {
    /// The memory that a state took, in bytes.
    pub fn bytes_each(&self) -> u64 {
        self.bytes.checked_div(self.states).unwrap_or(0)
    }
}

/// What an exploration of one case came to, with its numbers.
#[derive(Clone, Debug)]
pub struct CaseReport {
    /// The scenario's name.
    pub scenario: String,
    /// The case's name within it.
    pub case: String,
    /// The cache under test.
    pub cache: String,
    /// Who searched.
    pub engine: Engine,
    /// What of the case made [`Engine::Auto`] choose another than the usual one, in a few words.
    pub engine_reason: Option<String>,
    /// Schedules that were run (under `optimal`: classes; under `stateful`: those that ended in a new state, and those that
    /// were run before states were chosen).
    pub schedules: u64,
    /// Events that were executed in all.
    pub events: u64,
    /// What a search of states came to besides.
    pub states: Option<StateCount>,
    /// How many schedules (classes; states, under `stateful`) show each broken rule.
    pub violations: BTreeMap<Rule, u64>,
    /// How many schedules break at least one rule; `None` under `stateful`, which counts each rule by itself.
    pub violating: Option<u64>,
    /// The verdict.
    pub verdict: Verdict,
    /// Whether the search covered every schedule.
    pub complete: bool,
    /// How long it took.
    pub wall: Duration,
    /// The simplest run that shows the violation, the deadlock or the panic, recorded.
    pub trace: Option<Trace>,
}

impl CaseReport {
    /// How much was searched, and what is counted: schedules or states.
    pub fn searched(&self) -> (u64, &'static str) {
        self.states.map_or((self.schedules, "schedule"), |states| (states.states, "state"))
    }
}
