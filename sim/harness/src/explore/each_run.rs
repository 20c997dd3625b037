//! Runs a case on our engine, and shows each execution.

use std::ops::ControlFlow;
use std::sync::Arc;

use selvedge_engine::mode::SearchMode;
use selvedge_engine::{Explorer, Report, Run};

use crate::backends::Engine;
use crate::history::{History, Operation};
use crate::protocols::Caches;
use crate::scenario::Case;
use crate::world::{self, Build, Plan, Recorder};

/// Runs a case whose cache is one of `C` once for each run of the explorer, and passes each
/// execution with its history to a custom judge. [`Exploration`](super::Exploration) does this with
/// the [oracle](crate::oracle).
///
/// # Panics
///
/// If no cache of `C` has the case's cache name.
pub fn each_run<C: Caches>(
    case: &Case,
    explorer: &Explorer<impl SearchMode>,
    visit: impl FnMut(&Run<'_>, &History) -> ControlFlow<()>,
) -> Report {
    each_run_of(&Arc::new(Plan::<C>::new(case)), explorer, visit)
}

/// [`each_run`] for a planned case.
pub(super) fn each_run_of<C: Build<Engine>>(
    plan: &Arc<Plan<C>>,
    explorer: &Explorer<impl SearchMode>,
    mut visit: impl FnMut(&Run<'_>, &History) -> ControlFlow<()>,
) -> Report {
    let recorder = Arc::new(Recorder::default());
    let body = {
        let (plan, recorder) = (Arc::clone(plan), Arc::clone(&recorder));
        move || world::run::<Engine, C>(&plan, &recorder)
    };
    explorer.run_each(body, |run| {
        let mut history = recorder.history();
        note_invocations(run, &mut history);
        visit(run, &history)
    })
}

/// Records what happens before each operation's first event. The clocks are available only after
/// the run.
pub(super) fn note_invocations(run: &Run<'_>, history: &mut History) {
    for (position, step) in run.steps().enumerate() {
        let is_first = |its: &Operation| (its.first.task, its.first.index) == (step.task, step.index);
        if let Some(operation) = history.operations().iter().position(is_first) {
            history.begin(operation, run.clock(position).iter().copied());
        }
    }
}
