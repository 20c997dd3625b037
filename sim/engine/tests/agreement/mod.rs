//! Compares a search with the naive one, if that is short enough. `explore` runs a program with the
//! given explorer.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Debug;
use std::ops::ControlFlow;

use proptest::prelude::*;
use selvedge_engine::mode::{Any, Parallel};
use selvedge_engine::{Bound, Class, Explorer, Report, Run, fold};

/// Explores a program with the explorer's workers. Returns the classes of its executions, and the
/// result of `outcome` for each. `init` gives each worker the body and the place of its result.
pub(crate) fn explored<B: Fn() + 'static, S: Send, O: Ord + Send>(
    explorer: &Explorer<Parallel<Any>>,
    init: impl Fn() -> (B, S) + Sync,
    outcome: impl Fn(&S, &Run<'_>) -> O + Sync,
) -> (Report, Vec<Class>, BTreeSet<O>) {
    let init = || {
        let (body, seen) = init();
        let visit = |(seen, classes, outcomes): &mut (S, Vec<Class>, BTreeSet<O>), run: &Run<'_>| {
            classes.push(run.class());
            outcomes.insert(outcome(seen, run));
            ControlFlow::Continue(())
        };
        (body, fold((seen, Vec::new(), BTreeSet::new()), visit))
    };
    let (report, observers) = explorer.observe(init);
    let (mut classes, mut outcomes) = (Vec::new(), BTreeSet::new());
    for (_, its_classes, its_outcomes) in observers.into_iter().map(|observer| observer.state) {
        classes.extend(its_classes);
        outcomes.extend(its_outcomes);
    }
    (report, classes, outcomes)
}

/// Whether the search ended early because too many tasks of its aborted runs could not be unwound.
/// That depends on the number of runs that the search takes, which differs between searches.
fn is_cut_by_leaks(report: &Report) -> bool {
    matches!(report.bound, Some(Bound::LeftBehind { .. }))
}

/// Checks that the optimal search finds the classes and outcomes that the naive search finds within
/// this number of executions, each class once, with one worker and with several.
pub(crate) fn classes<O: PartialEq + Debug>(
    executions: u64,
    explore: impl Fn(&Explorer<Parallel<Any>>) -> (Report, Vec<Class>, O),
) -> Result<(), TestCaseError> {
    classes_on(&[2, 3, 8], executions, explore)
}

/// Like [`classes`], with one worker and with each of these numbers of workers.
pub(crate) fn classes_on<O: PartialEq + Debug>(
    workers: &[usize],
    executions: u64,
    explore: impl Fn(&Explorer<Parallel<Any>>) -> (Report, Vec<Class>, O),
) -> Result<(), TestCaseError> {
    let (naive, all, expected) = explore(&Explorer::naive().max_executions(executions).into_any().jobs(1));
    prop_assume!(naive.is_complete());
    let (optimal, classes, outcomes) = explore(&Explorer::optimal().into_any().jobs(1));
    prop_assume!(!is_cut_by_leaks(&optimal));
    prop_assert!(optimal.is_complete());
    prop_assert_eq!(optimal.redundant, 0);
    let all: HashSet<_> = all.into_iter().collect();
    let distinct: HashSet<_> = classes.iter().cloned().collect();
    prop_assert_eq!(distinct.len(), classes.len(), "a class was run twice");
    prop_assert_eq!(distinct.len(), all.len(), "the number of classes");
    prop_assert!(distinct == all, "other classes");
    prop_assert_eq!(&outcomes, &expected);
    let counts = |its: &Report| (its.executions, its.redundant, its.events, its.deadlocks, its.panics);
    for &jobs in workers {
        let (report, classes, outcomes) =
            explore(&Explorer::optimal().into_any().jobs(jobs).sharing_always());
        prop_assume!(!is_cut_by_leaks(&report));
        prop_assert!(report.is_complete(), "{} workers: {:?}", jobs, report);
        prop_assert_eq!(counts(&report), counts(&optimal), "{} workers", jobs);
        let all: HashSet<_> = classes.into_iter().collect();
        prop_assert!(all == distinct, "{} workers: {} of {} classes", jobs, all.len(), distinct.len());
        prop_assert_eq!(&outcomes, &expected, "{} workers", jobs);
    }
    Ok(())
}

/// Checks that the search of states finds the outcomes that the naive search finds within this
/// number of executions. Skips programs that it does not support.
pub(crate) fn states<O: PartialEq + Debug>(
    executions: u64,
    explore: impl Fn(&Explorer<Parallel<Any>>) -> (Report, Vec<Class>, O),
) -> Result<(), TestCaseError> {
    let (stateful, _, outcomes) = explore(&Explorer::stateful().into_any().jobs(1));
    prop_assume!(stateful.refused.is_none() && !is_cut_by_leaks(&stateful));
    prop_assert!(stateful.is_complete(), "{:?}", stateful);
    let (each, _, _) = explore(&Explorer::stateful().without_transition_cache().into_any().jobs(1));
    prop_assume!(!is_cut_by_leaks(&each));
    prop_assert!(each.is_complete(), "{:?}", each);
    let counts = |report: &Report| report.states.as_ref().map(|its| (its.count, its.transitions));
    prop_assert_eq!(counts(&stateful), counts(&each));
    let (naive, _, expected) = explore(&Explorer::naive().max_executions(executions).into_any().jobs(1));
    prop_assume!(naive.is_complete());
    prop_assert_eq!(outcomes, expected);
    Ok(())
}

/// Checks that the search of execution graphs finds the outcomes that the naive search finds within
/// this number of executions, and that it cuts no run short. The atomics of the program are SeqCst,
/// and each operation of an object orders the later ones. Skips programs that it does not model.
pub(crate) fn graphs<O: PartialEq + Debug>(
    executions: u64,
    explore: impl Fn(&Explorer<Parallel<Any>>) -> (Report, Vec<Class>, O),
) -> Result<(), TestCaseError> {
    // A program has no more graphs than interleavings.
    let explorer = Explorer::rc11().ordered_objects().max_executions(executions).into_any().jobs(1);
    let (graphs, all, outcomes) = explore(&explorer);
    prop_assume!(graphs.refused.is_none() && !is_cut_by_leaks(&graphs));
    let (naive, _, expected) = explore(&Explorer::naive().max_executions(executions).into_any().jobs(1));
    prop_assume!(naive.is_complete());
    prop_assert!(graphs.is_complete(), "{:?}", graphs);
    prop_assert_eq!(outcomes, expected);
    prop_assert_eq!(graphs.redundant, 0);
    let distinct: HashSet<_> = all.iter().collect();
    prop_assert_eq!(distinct.len(), all.len(), "a graph was visited twice");
    Ok(())
}
