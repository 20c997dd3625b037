//! Holds the optimal strategy to the naive one: the same classes, each of them once, and the same outcomes.

use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use selvedge_engine::{Class, Ending, Explorer, Report};

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
type Outcome = (u8, Vec<Vec<u64>>);

fn explore(explorer: &Explorer, body: impl Fn(&Seen) + 'static) -> (Report, Vec<Class>, BTreeSet<Outcome>) {
    let (mut classes, mut outcomes) = (Vec::new(), BTreeSet::new());
    let seen = Seen::default();
    let own = seen.clone();
    let report = explorer.run_each(
        move || {
            own.0.lock().unwrap().clear();
            body(&own);
        },
        |run| {
            classes.push(run.class());
            let ending = match run.ending() {
                Ending::Complete => 0,
                Ending::Deadlock(_) => 1,
                Ending::Panic { .. } => 2,
                Ending::TooLong => 3,
                Ending::Nondeterministic(difference) => panic!("{difference}"),
            };
            outcomes.insert((ending, seen.0.lock().unwrap().clone()));
            ControlFlow::Continue(())
        },
    );
    (report, classes, outcomes)
}

/// Explores `body` with both, if the naive search of it is short enough.
pub(crate) fn hold(body: impl Fn(&Seen) + Clone + 'static) -> Result<(), TestCaseError> {
    let (naive, all, expected) = explore(&Explorer::naive().max_executions(5_000), body.clone());
    prop_assume!(naive.is_complete());
    let (optimal, classes, outcomes) = explore(&Explorer::optimal(), body);
    prop_assert!(optimal.is_complete());
    prop_assert_eq!(optimal.redundant, 0);
    let all: HashSet<_> = all.into_iter().collect();
    let distinct: HashSet<_> = classes.iter().cloned().collect();
    prop_assert_eq!(distinct.len(), classes.len(), "a class was run twice");
    prop_assert_eq!(distinct.len(), all.len(), "the number of classes");
    prop_assert!(distinct == all, "other classes");
    prop_assert_eq!(&outcomes, &expected);
    Ok(())
}

/// Explores `body` by its schedules and by its states, if the former are few enough. Programs that are refused are not
/// counted.
pub(crate) fn hold_states(body: impl Fn(&Seen) + Clone + 'static) -> Result<(), TestCaseError> {
    let (stateful, _, outcomes) = explore(&Explorer::stateful(), body.clone());
    prop_assume!(stateful.refused.is_none());
    prop_assert!(stateful.is_complete());
    let (naive, _, expected) = explore(&Explorer::naive().max_executions(5_000), body);
    prop_assume!(naive.is_complete());
    prop_assert_eq!(outcomes, expected);
    Ok(())
}
