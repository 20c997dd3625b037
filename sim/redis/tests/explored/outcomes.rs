//! The outcomes of a program over all its schedules.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use selvedge_engine::mode::SearchMode;
use selvedge_engine::{Class, Ending, Explorer, Report};

/// The result of an exploration.
pub(crate) struct Explored<T> {
    pub(crate) report: Report,
    /// The class of each run.
    pub(crate) classes: Vec<Class>,
    /// The values that the runs returned; `None` is a deadlock.
    pub(crate) outcomes: BTreeSet<Option<T>>,
}

/// Explores a body that returns a value.
pub(crate) fn explore<T: Ord + Send + 'static>(
    explorer: &Explorer<impl SearchMode>,
    body: impl Fn() -> T + Send + Sync + 'static,
) -> Explored<T> {
    let returned = Arc::new(Mutex::new(None));
    let last = Arc::clone(&returned);
    let (mut classes, mut outcomes, mut panicked) = (Vec::new(), BTreeSet::new(), None);
    let report = explorer.run_each(
        move || *last.lock().unwrap() = Some(body()),
        |run| {
            if let Ending::Panic { report, .. } = run.ending() {
                panicked = Some(report.message.clone());
                return ControlFlow::Break(());
            }
            classes.push(run.class());
            outcomes.insert(returned.lock().unwrap().take());
            ControlFlow::Continue(())
        },
    );
    assert_eq!(panicked, None);
    Explored { report, classes, outcomes }
}

/// Returns the number of schedules, and their outcomes.
pub(crate) fn all<T: Ord + Send + 'static>(
    body: impl Fn() -> T + Send + Sync + 'static,
) -> (u64, BTreeSet<T>) {
    let Explored { report, outcomes, .. } = explore(&Explorer::optimal(), body);
    assert!(report.is_complete() && report.redundant == 0, "{report:?}");
    let outcomes = outcomes.into_iter().map(|outcome| outcome.expect("no schedule ends in a deadlock"));
    (report.executions, outcomes.collect())
}
