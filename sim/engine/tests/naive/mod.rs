//! Holds the optimal strategy to the naive one: the same classes, each of them once, and the same outcomes.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use selvedge_engine::{Class, Ending, Explorer, Report};

use crate::agreement;

/// What the threads of a run saw, each in order.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<Vec<u64>>>>);

impl Seen {
    /// Notes what thread `me` saw.
    pub(crate) fn note(&self, me: usize, value: u64) {
        let mut seen = self.0.lock().unwrap();
        if seen.len() <= me {
            seen.resize(me + 1, Vec::new());
        }
        seen[me].push(value);
    }
}

/// How a run ended, and what its threads saw.
pub(crate) type Outcome = (u8, Vec<Vec<u64>>);

pub(crate) fn explore(
    explorer: &Explorer,
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

/// The most executions of the naive search.
pub(crate) const EXECUTIONS: u64 = 5_000;

/// Explores `body` with both, if the naive search of it is short enough.
pub(crate) fn hold(body: impl Fn(&Seen) + Clone + Sync + 'static) -> Result<(), TestCaseError> {
    agreement::classes(EXECUTIONS, |explorer| explore(explorer, body.clone()))
}

/// Explores `body` by its schedules and by its states, if the former are few enough. Programs that are refused are not
/// counted.
pub(crate) fn hold_states(body: impl Fn(&Seen) + Clone + Sync + 'static) -> Result<(), TestCaseError> {
    agreement::states(EXECUTIONS, |explorer| explore(explorer, body.clone()))
}
