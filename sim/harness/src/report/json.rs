//! A case as one line of JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::verdict::CaseReport;

/// A separate type for the output: renaming an internal field does not change the format.
#[derive(Serialize)]
struct Line<'r> {
    scenario: &'r str,
    case: &'r str,
    cache: &'r str,
    engine: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    engine_reason: Option<&'r str>,
    /// `null` for a stateful search, which does not count schedules.
    schedules: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    states: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transitions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_per_state: Option<u64>,
    events: u64,
    violations: BTreeMap<&'r str, u64>,
    /// Schedules that break at least one rule. Absent for a stateful search, which counts per rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    violating: Option<u64>,
    verdict: &'r str,
    complete: bool,
    /// Only for a stateful search that is not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<f64>,
    wall_ms: u64,
}

/// The report as one JSON object, without a line end.
pub fn case_line(report: &CaseReport) -> String {
    let line = Line {
        scenario: &report.scenario,
        case: &report.case,
        cache: &report.cache,
        engine: report.engine.name(),
        engine_reason: report.engine_reason.as_deref(),
        schedules: report.states.is_none().then_some(report.schedules),
        states: report.states.map(|states| states.states),
        transitions: report.states.map(|states| states.transitions),
        bytes_per_state: report.states.map(|states| states.bytes_each()),
        events: report.events,
        violations: report.violations.iter().map(|(rule, classes)| (rule.name(), *classes)).collect(),
        violating: report.violating,
        verdict: report.verdict.word(),
        complete: report.complete,
        done: report.states.filter(|_| !report.complete).map(|states| states.done),
        wall_ms: report.wall.as_millis().try_into().unwrap_or(u64::MAX),
    };
    serde_json::to_string(&line).expect("strings and numbers are always JSON")
}
