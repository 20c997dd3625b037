//! Checks a scenario in code: the functions that a test calls.

use std::env;
use std::path::Path;
use std::sync::Arc;

use super::{Chosen, ScenarioBuilder, Setup, UnderTest};
use crate::explore::Exploration;
use crate::file_name::stem;
use crate::report::{Folder, Judged, Unwritable};
use crate::trace::{lanes, reason};
use crate::verdict::CaseReport;

/// The environment variable with the folder for reports.
const REPORT: &str = "SELVEDGE_REPORT";

/// Explores every schedule of a scenario without axes. Returns the report if it meets the
/// scenario's expectation.
///
/// If the environment variable `SELVEDGE_REPORT` has a folder, writes the page `index.html` and the
/// trace as JSON to the scenario's folder inside it. If the check fails, its message has the path
/// of the page.
///
/// # Panics
///
/// If the report does not meet the expectation: at the caller's line, with the reason and the trace
/// of the simplest violating schedule. Also if the scenario has no thread, if it has axes, or if
/// the report cannot be written.
#[track_caller]
pub fn check<F, C>(scenario: ScenarioBuilder<F>) -> CaseReport
where
    F: Fn(Setup) -> C + Send + Sync + 'static,
    C: UnderTest,
{
    let mut reports = check_all(scenario.without_axes());
    reports.swap_remove(0)
}

/// Explores every schedule of each case of a scenario: every combination of its
/// [axes](ScenarioBuilder::axis), the last axis varying fastest. Returns the reports if they meet
/// the scenario's expectation. Writes reports like [`check`].
///
/// # Panics
///
/// Like [`check`], at the first case that does not meet the expectation.
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
        let request = Exploration::of(&case).engine(engine).budget(budget);
        let report = request.run_on(Chosen(Arc::clone(&build)));
        let judgement = case.expectation.judge(&report);
        let page = env::var_os(REPORT).filter(|folder| !folder.is_empty()).map(|folder| {
            let folder = Path::new(&folder).join(stem(&case.scenario, &case.name));
            match write(&folder, Judged::new(&case, report.clone())) {
                Ok(()) => format!("\n\nreport: {}", folder.join("index.html").display()),
                Err(error) => panic!("{}: {judgement}\n\n{REPORT}: {error}", case.scenario),
            }
        });
        if !judgement.passed() {
            let trace = report.trace.as_ref();
            let trace =
                trace.map_or_else(String::new, |trace| format!("\n\n{}\n{}", lanes(trace), reason(trace)));
            let name = if has_axes { format!("{} {}", case.scenario, case.name) } else { case.scenario };
            panic!("{name}: {judgement}{}{}", trace.trim_end(), page.unwrap_or_default());
        }
        reports.push(report);
    }
    reports
}

/// Writes the page and the trace. Each scenario has its own folder, because tests run concurrently.
fn write(folder: &Path, judged: Judged<'_>) -> Result<(), Unwritable> {
    Folder::create(folder)?.add(&judged).map(drop)
}
