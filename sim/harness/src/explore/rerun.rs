//! One schedule, run again and recorded.

use std::ops::ControlFlow;
use std::sync::Arc;

use selvedge_engine::{Ending, Explorer};

use super::each_run::each_run_of;
use super::{Tally, record};
use crate::backends::{Engine, take_notes, take_sources};
use crate::oracle::Finding;
use crate::protocols::Build;
use crate::scenario::Case;
use crate::trace::Trace;
use crate::verdict;
use crate::world::Plan;

/// What a schedule came to.
pub(super) struct Rerun {
    /// The run, as far as it came.
    pub(super) trace: Trace,
    /// Why it came no further, if the schedule does not fit the case.
    pub(super) misfit: Option<String>,
    /// How many events it had, those of the set-up included.
    pub(super) events: usize,
}

/// Runs the one schedule of this explorer, and records it. Of what it shows, the finding that it was chosen for comes first.
pub(super) fn rerun<C: Build<Engine>>(
    case: &Case,
    by: verdict::Engine,
    plan: &Arc<Plan<C>>,
    explorer: Explorer,
    chosen: Option<&Finding>,
) -> Rerun {
    drop((take_notes(), take_sources()));
    let mut rerun = None;
    each_run_of(plan, &explorer.recording(true), |run, history| {
        let mut findings = Tally::new().observe(history).to_vec();
        findings.retain(|its| case.expectation.forbids(its.rule));
        findings.sort_by_key(|finding| (chosen != Some(finding), finding.rule, finding.read));
        let misfit = match run.ending() {
            Ending::Nondeterministic(why) => Some(why.clone()),
            _ => None,
        };
        let trace = record::record(case, by, plan, run, history, take_notes(), findings);
        rerun = Some(Rerun { trace, misfit, events: run.steps().len() });
        ControlFlow::Continue(())
    });
    rerun.expect("a replay is one run")
}
