//! The outcomes of a program, with any search.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use selvedge_engine::mode::SearchMode;
use selvedge_engine::{Ending, Explorer, Report};

/// How a run ended, and the result of the main task if it completed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    Complete(Vec<u64>),
    Deadlock(Vec<String>),
    Panic(String, String),
    TooLong,
}

/// Explores `body`, and returns its outcomes.
pub(crate) fn explore(
    explorer: &Explorer<impl SearchMode>,
    body: impl Fn() -> Vec<u64> + 'static,
) -> (Report, BTreeSet<Outcome>) {
    let returned = Arc::new(Mutex::new(Vec::new()));
    let read = Arc::clone(&returned);
    let mut outcomes = BTreeSet::new();
    let report = explorer.run_each(
        move || {
            let value = body();
            *returned.lock().unwrap() = value;
        },
        |run| {
            outcomes.insert(match run.ending() {
                Ending::Complete => Outcome::Complete(read.lock().unwrap().clone()),
                Ending::Deadlock(waiting) => {
                    Outcome::Deadlock(waiting.iter().map(|line| without_holder(line)).collect())
                }
                Ending::Panic { task, report } => Outcome::Panic(task.clone(), report.message.clone()),
                Ending::TooLong => Outcome::TooLong,
                Ending::Nondeterministic(difference) => panic!("{difference}"),
            });
            ControlFlow::Continue(())
        },
    );
    (report, outcomes)
}

/// The waiting tasks without the holders of locks: the holder is part of the run's history, and the
/// state contains only that the lock is taken.
fn without_holder(line: &str) -> String {
    line.split(", which ").next().unwrap_or_default().to_owned()
}
