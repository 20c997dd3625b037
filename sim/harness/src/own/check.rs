//! A scenario in code, checked: what a test calls.

use std::env;
use std::path::Path;

use super::{Cache, ScenarioBuilder, Setup};
use crate::explore::explore_on;
use crate::file_name::stem;
use crate::report::{Folder, Judged, Unwritable};
use crate::trace::{lanes, reason};
use crate::verdict::CaseReport;

/// The variable of the environment that names the folder for reports.
const REPORT: &str = "SELVEDGE_REPORT";

/// Explores every schedule of the scenario. Returns what it came to, if that is as the scenario expects.
///
/// If the environment has `SELVEDGE_REPORT=DIR`, writes the page `index.html` and the trace as JSON to the scenario's folder in
/// `DIR`; if the check fails, its message names the page.
///
/// # Panics
///
/// If it is not: at the caller's line, with what is wrong, and the trace of the simplest schedule that shows it. So too
/// if the scenario has no thread, or if the report cannot be written.
#[track_caller]
pub fn check<F, C>(scenario: ScenarioBuilder<F>) -> CaseReport
where
    F: Fn(Setup) -> C + Send + Sync + 'static,
    C: Cache,
{
    let (case, cache, budget) = scenario.finish();
    let report = explore_on(&case, cache, budget);
    let judgement = case.expectation.judge(&report);
    let page = env::var_os(REPORT).filter(|folder| !folder.is_empty()).map(|folder| {
        let folder = Path::new(&folder).join(stem(&case.scenario, &case.name));
        match write(&folder, Judged::new(&case, report.clone())) {
            Ok(()) => format!("\n\nreport: {}", folder.join("index.html").display()),
            Err(error) => panic!("{}: {judgement}\n\n{REPORT}: {error}", case.scenario),
        }
    });
    if judgement.passed() {
        return report;
    }
    let trace = report.trace.as_ref();
    let trace = trace.map_or_else(String::new, |trace| format!("\n\n{}\n{}", lanes(trace), reason(trace)));
    panic!("{}: {judgement}{}{}", case.scenario, trace.trim_end(), page.unwrap_or_default());
}

/// Writes the page and the trace. Each scenario has a folder of its own: tests run side by side.
fn write(folder: &Path, judged: Judged<'_>) -> Result<(), Unwritable> {
    Folder::create(folder)?.add(&judged)
}
