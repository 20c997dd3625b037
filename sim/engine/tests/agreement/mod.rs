//! Holds a search to the naive one, if that is short enough. `explore` runs one program with the explorer that it is given.

use std::collections::HashSet;
use std::fmt::Debug;

use proptest::prelude::*;
use selvedge_engine::{Class, Explorer, Report};

/// The optimal search finds the classes that the naive search finds in at most so many executions, each of them once, and
/// the same outcomes.
pub(crate) fn classes<O: PartialEq + Debug>(
    executions: u64,
    explore: impl Fn(&Explorer) -> (Report, Vec<Class>, O),
) -> Result<(), TestCaseError> {
    let (naive, all, expected) = explore(&Explorer::naive().max_executions(executions));
    prop_assume!(naive.is_complete());
    let (optimal, classes, outcomes) = explore(&Explorer::optimal());
    prop_assert!(optimal.is_complete());
    prop_assert_eq!(optimal.redundant, 0);
    let all: HashSet<_> = all.into_iter().collect();
    let distinct: HashSet<_> = classes.iter().cloned().collect();
    prop_assert_eq!(distinct.len(), classes.len(), "a class was run twice");
    prop_assert_eq!(distinct.len(), all.len(), "the number of classes");
    prop_assert!(distinct == all, "other classes");
    prop_assert_eq!(outcomes, expected);
    Ok(())
}

/// The search of states finds the outcomes that the naive search finds in at most so many executions. Programs that it
/// refuses are not counted.
pub(crate) fn states<O: PartialEq + Debug>(
    executions: u64,
    explore: impl Fn(&Explorer) -> (Report, Vec<Class>, O),
) -> Result<(), TestCaseError> {
    let (stateful, _, outcomes) = explore(&Explorer::stateful());
    prop_assume!(stateful.refused.is_none());
    prop_assert!(stateful.is_complete());
    let (each, _, _) = explore(&Explorer::stateful().without_foresight());
    let counts = |report: &Report| report.states.as_ref().map(|its| (its.count, its.transitions));
    prop_assert_eq!(counts(&stateful), counts(&each));
    let (naive, _, expected) = explore(&Explorer::naive().max_executions(executions));
    prop_assume!(naive.is_complete());
    prop_assert_eq!(outcomes, expected);
    Ok(())
}
