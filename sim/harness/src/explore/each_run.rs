//! A case on our own engine, run by run.

use std::ops::ControlFlow;
use std::sync::Arc;

use selvedge_engine::{Explorer, Report, Run};

use crate::backends::Engine;
use crate::history::History;
use crate::protocols::{Build, Protocol};
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
    each_run_of(&Arc::new(Plan::<Protocol>::new(case)), explorer, visit)
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
    explorer.run_each(body, |run| visit(run, &recorder.history()))
}
