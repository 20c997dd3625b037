//! A scenario in code, checked: what a test calls.

use super::{Cache, ScenarioBuilder, Setup};
use crate::explore::explore_on;
use crate::trace::{lanes, reason};
use crate::verdict::CaseReport;

/// Explores every schedule of the scenario. Returns what it came to, if that is as the scenario expects.
///
/// # Panics
///
/// If it is not: at the caller's line, with what is wrong, and the trace of the simplest schedule that shows it. So too
/// if the scenario has no thread.
#[track_caller]
pub fn check<F, C>(scenario: ScenarioBuilder<F>) -> CaseReport
where
    F: Fn(Setup) -> C + Send + Sync + 'static,
    C: Cache,
{
    let (case, cache, budget) = scenario.finish();
    let report = explore_on(&case, cache, budget);
    let judgement = case.expectation.judge(&report);
    if judgement.passed() {
        return report;
    }
    let trace = report.trace.as_ref();
    let trace = trace.map_or_else(String::new, |trace| format!("\n\n{}\n{}", lanes(trace), reason(trace)));
    panic!("{}: {judgement}{}", case.scenario, trace.trim_end());
}
