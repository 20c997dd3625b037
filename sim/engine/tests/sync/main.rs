//! Condvars, onces, barriers, channels and atomics: numbers of classes counted by hand, failures
//! and their reports, and std's behaviour outside an exploration.

mod atomics;
mod barriers;
mod channels;
mod condvars;
mod onces;
mod outside;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use selvedge_engine::mode::SearchMode;
use selvedge_engine::{Ending, Explorer};

/// The results of the complete executions, and the waiting tasks of the others.
type Found<T> = (BTreeSet<T>, BTreeSet<String>);

/// Explores the program, and checks the numbers of complete executions and of deadlocks. No task
/// may panic.
#[track_caller]
fn check<T: Ord + 'static>(
    explorer: &Explorer<impl SearchMode>,
    complete: u64,
    deadlocks: u64,
    program: impl Fn() -> T + 'static,
) -> Found<T> {
    let returned = Arc::new(Mutex::new(BTreeSet::new()));
    let results = Arc::clone(&returned);
    let mut waits = BTreeSet::new();
    let report = explorer.run_each(
        move || {
            let result = program();
            results.lock().unwrap().insert(result);
        },
        |run| {
            assert!(!matches!(run.ending(), Ending::Panic { .. }), "{:?}", run.ending());
            if let Ending::Deadlock(tasks) = run.ending() {
                let what = |line: &String| line.split(", at ").next().unwrap_or_default().to_owned();
                waits.extend(tasks.iter().map(what));
            }
            ControlFlow::Continue(())
        },
    );
    assert!(report.is_complete(), "{report:?}");
    let counts = (report.executions - report.deadlocks, report.deadlocks, report.redundant);
    assert_eq!(counts, (complete, deadlocks, 0), "complete executions, deadlocks, redundant ones");
    let returned = std::mem::take(&mut *returned.lock().unwrap());
    (returned, waits)
}

fn lines<const N: usize>(lines: [&str; N]) -> BTreeSet<String> {
    lines.map(str::to_owned).into()
}
