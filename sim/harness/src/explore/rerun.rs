//! Reruns and records one schedule.

use std::ops::ControlFlow;
use std::sync::Arc;

use selvedge_engine::mode::Replay;
use selvedge_engine::{Ending, Explorer, Run};

use super::each_run::each_run_of;
use super::own_order::own_order;
use super::{Tally, record};
use crate::backends::{Engine, take_blocked, take_notes, take_sources};
use crate::history::History;
use crate::oracle::{Finding, evidence};
use crate::scenario::Case;
use crate::trace::Trace;
use crate::verdict;
use crate::world::{Build, Plan};

/// The result of a rerun.
pub(super) struct Rerun {
    /// The run, up to its end or the first mismatch.
    pub(super) trace: Trace,
    /// Why the schedule does not fit the case, if so.
    pub(super) misfit: Option<String>,
    /// The number of events, including those of the set-up.
    pub(super) events: usize,
}

/// Runs and records the explorer's one schedule. Lists the finding that the schedule was chosen for
/// first.
pub(super) fn rerun<C: Build<Engine>>(
    case: &Case,
    by: verdict::Engine,
    plan: &Arc<Plan<C>>,
    explorer: Explorer<Replay>,
    chosen: Option<&Finding>,
) -> Rerun {
    drop((take_notes(), take_sources(), take_blocked()));
    let mut rerun = None;
    each_run_of(plan, &explorer.recording(true), |run, history| {
        let mut findings = findings(run, history);
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

/// The findings of the run, and of other schedules of its class. If the run shows another finding
/// for the same read and rule, that finding replaces the class's.
fn findings(run: &Run<'_>, history: &History) -> Vec<Finding> {
    let own_order = own_order(run, history);
    let mut own = Tally::new().observe(&own_order).to_vec();
    let mut findings = Tally::new().observe(history).to_vec();
    findings.retain_mut(|its| {
        let is_in_order = its.before.is_none_or(|before| own_order.may_precede(before, its.read));
        let Some(same) = own.iter_mut().find(|own| (own.rule, own.read) == (its.rule, its.read)) else {
            // The order of the two operations is necessary, but not sufficient.
            return !is_in_order;
        };
        if !evidence(&own_order, its.rule).iter().any(|shown| shown.finding == *its) {
            std::mem::swap(its, same);
        }
        true
    });
    findings
}
