//! Compares the optimal strategy with the naive one: the same classes, each once, and the same
//! outcomes.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use selvedge_engine::mode::{Any, Parallel};
use selvedge_engine::{Class, Ending, Explorer, Report};

use crate::agreement;

/// The observations of each thread of a run, in order.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<Vec<u64>>>>);

impl Seen {
    /// Records an observation of thread `me`.
    pub(crate) fn note(&self, me: usize, value: u64) {
        let mut seen = self.0.lock().unwrap();
        if seen.len() <= me {
            seen.resize(me + 1, Vec::new());
        }
        seen[me].push(value);
    }
}

/// How a run ended, and the observations of its threads.
pub(crate) type Outcome = (u8, Vec<Vec<u64>>);

pub(crate) fn explore(
    explorer: &Explorer<Parallel<Any>>,
    body: impl Fn(&Seen) + Clone + Sync + 'static,
) -> (Report, Vec<Class>, BTreeSet<Outcome>) {
    let init = || {
        let seen = Seen::default();
        let (own, body) = (seen.clone(), body.clone());
        let run = move || {
            own.0.lock().unwrap().clear();
            body(&own);
        };
        (run, seen)
    };
    agreement::explored(explorer, init, |seen, run| {
        let ending = match run.ending() {
            Ending::Complete => 0,
            Ending::Deadlock(_) => 1,
            Ending::Panic { .. } => 2,
            Ending::TooLong => 3,
            Ending::Nondeterministic(difference) => panic!("{difference}"),
        };
        (ending, seen.0.lock().unwrap().clone())
    })
}

/// Maximum number of executions of the naive search.
pub(crate) const EXECUTIONS: u64 = 5_000;

/// Explores `body` with both, if the naive search is short enough.
pub(crate) fn hold(body: impl Fn(&Seen) + Clone + Sync + 'static) -> Result<(), TestCaseError> {
    agreement::classes(EXECUTIONS, |explorer| explore(explorer, body.clone()))
}

/// Explores `body` by schedules and by states, if there are few enough schedules. Skips unsupported
/// programs.
pub(crate) fn hold_states(body: impl Fn(&Seen) + Clone + Sync + 'static) -> Result<(), TestCaseError> {
    agreement::states(EXECUTIONS, |explorer| explore(explorer, body.clone()))
}

/// Explores `body` by schedules and by execution graphs, if there are few enough schedules. Skips
/// programs that are not modelled.
pub(crate) fn hold_graphs(body: impl Fn(&Seen) + Clone + Sync + 'static) -> Result<(), TestCaseError> {
    agreement::graphs(EXECUTIONS, |explorer| explore(explorer, body.clone()))
}
