//! Condvars, onces, barriers, channels and atomics: numbers of classes that were counted by hand, what goes wrong and how it
//! is told, and that they do as std's do.

mod atomics;
mod barriers;
mod channels;
mod condvars;
mod onces;
mod outside;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use selvedge_engine::{Ending, Explorer};

/// What the complete executions returned, and what the tasks of the others wait for.
type Found<T> = (BTreeSet<T>, BTreeSet<String>);

/// Explores the program, and holds it to the number of complete executions and of deadlocks. No task may panic.
#[track_caller]
fn check<T: Ord + 'static>(
    explorer: &Explorer,
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
