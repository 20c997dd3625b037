//! A scenario in code, checked: what a test calls.

use std::sync::Arc;

use super::{Chosen, ScenarioBuilder, Setup, UnderTest};
use crate::explore::explore_on;
use crate::trace::{lanes, reason};
use crate::verdict::CaseReport;

/// Explores every schedule of a scenario without axes. Returns what it came to, if that is as the scenario expects.
///
/// # Panics
///
/// If it is not: at the caller's line, with what is wrong, and the trace of the simplest schedule that shows it. So too
/// if the scenario has no thread, or if it has axes.
#[track_caller]
pub fn check<F, C>(scenario: ScenarioBuilder<F>) -> CaseReport
where
    F: Fn(Setup) -> C + Send + Sync + 'static,
    C: UnderTest,
{
    let mut reports = check_all(scenario.without_axes());
    reports.swap_remove(0)
}

/// Explores every schedule of each case of a scenario: of every combination of its [axes](ScenarioBuilder::axis), the last axis
/// running fastest. Returns what they came to, if that is as the scenario expects.
///
/// # Panics
///
/// As [`check`], at the first case that is not as expected.
#[track_caller]
pub fn check_all<F, C>(scenario: ScenarioBuilder<F>) -> Vec<CaseReport>
where
    F: Fn(Setup) -> C + Send + Sync + 'static,
    C: UnderTest,
{
    let has_axes = scenario.has_axes();
    let (cases, build) = scenario.finish();
    let build = Arc::new(build);
    let mut reports = Vec::new();
    for (case, engine, budget) in cases {
        let report = explore_on(&case, engine, Chosen(Arc::clone(&build)), budget);
        let judgement = case.expectation.judge(&report);
        if !judgement.passed() {
            let trace = report.trace.as_ref();
            let trace =
                trace.map_or_else(String::new, |trace| format!("\n\n{}\n{}", lanes(trace), reason(trace)));
            let name = if has_axes { format!("{} {}", case.scenario, case.name) } else { case.scenario };
            panic!("{name}: {judgement}{}", trace.trim_end());
        }
        reports.push(report);
    }
    reports
}
