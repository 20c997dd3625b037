//! A case on our own engine, run by run.

use std::ops::ControlFlow;
use std::sync::Arc;

use selvedge_engine::{Explorer, Report, Run};

use crate::backends::Engine;
use crate::history::{History, Operation};
use crate::protocols::{Build, Caches, Protocol};
use crate::scenario::Case;
use crate::world::{self, Plan, Recorder};

/// Runs a case of a shipped protocol as often as the explorer asks for, and shows each execution with its history: for judges of one's own.
/// [`explore`](super::explore) is this with the [oracle](crate::oracle).
///
/// # Panics
///
/// As [`explore`](super::explore).
pub fn each_run(
    case: &Case,
    explorer: &Explorer,
    visit: impl FnMut(&Run<'_>, &History) -> ControlFlow<()>,
) -> Report {
    each_run_among::<Protocol>(case, explorer, visit)
}

/// As [`each_run`], of a case that names one of these caches.
///
/// # Panics
///
/// As [`explore_among`](super::explore_among).
pub fn each_run_among<C: Caches>(
    case: &Case,
    explorer: &Explorer,
    visit: impl FnMut(&Run<'_>, &History) -> ControlFlow<()>,
) -> Report {
    each_run_of(&Arc::new(Plan::<C>::new(case)), explorer, visit)
}

/// [`each_run`], of a case that is planned already.
pub(super) fn each_run_of<C: Build<Engine>>(
    plan: &Arc<Plan<C>>,
    explorer: &Explorer,
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

/// Notes what happens before each operation's first event: the run tells when it is over, and nothing in it does.
fn note_invocations(run: &Run<'_>, history: &mut History) {
    for (position, step) in run.steps().enumerate() {
        let is_first = |its: &Operation| (its.first.task, its.first.index) == (step.task, step.index);
        if let Some(operation) = history.operations().iter().position(is_first) {
            history.begin(operation, run.clock(position).iter().copied());
        }
    }
}
