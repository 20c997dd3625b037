//! The report as an HTML page: a table of the cases, and an interactive timeline for each trace.
//! The page is one file and needs no network.
//!
//! The page is a constant head, followed by a block of data for each case. So it can be written
//! case by case, and is complete after each: HTML does not require end tags there.

use serde::Serialize;
use serde_json::value::RawValue;

use super::Judged;
use crate::number::counted;
use crate::scenario::Expected;
use crate::trace::{Trace, json, verdict};

const PAGE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/page.css");
/// In the order of their dependencies.
const SCRIPTS: [&str; 5] = [
    include_str!("html/element.js"),
    include_str!("html/table.js"),
    include_str!("html/timeline.js"),
    include_str!("html/arrows.js"),
    include_str!("html/page.js"),
];

/// The page of one trace.
pub fn trace_page(trace: &Trace) -> String {
    let data = Data {
        scenario: &trace.scenario,
        case: &trace.case,
        cache: &trace.cache,
        engine: &trace.engine,
        verdict: verdict(trace),
        trace: Some(raw(trace)),
        ..Data::default()
    };
    head() + &block(&data)
}

/// The head of every page.
pub(super) fn head() -> String {
    PAGE.replace("/* style */", STYLE).replace("/* script */", &SCRIPTS.concat())
}

/// The block of a case. `file` is the name of its trace in the report's folder, and `link` the path
/// from there to the source of the case.
pub(super) fn case_block(judged: &Judged<'_>, file: Option<&str>, link: Option<String>) -> String {
    let report = &judged.report;
    let (count, what) = report.searched();
    block(&Data {
        scenario: &report.scenario,
        case: &report.case,
        cache: &report.cache,
        engine: report.engine.name(),
        engine_reason: report.engine_reason.as_deref(),
        verdict: report.verdict.word(),
        complete: Some(report.complete),
        searched: Some(counted(count, what)),
        violations: report.violations.iter().map(|(rule, found)| (rule.name(), *found)).collect(),
        passed: Some(judged.judgement.passed()),
        why: Some(judged.judgement.to_string()),
        is_control: matches!(judged.case.expectation.expected, Expected::Violations(_)),
        source: Some(format!("{}:{}", judged.case.expected_at.file, judged.case.expected_at.line)),
        link,
        file,
        trace: report.trace.as_ref().map(raw),
    })
}

/// A case, for the page's scripts. The fields that a lone trace does not have are `None`.
#[derive(Default, Serialize)]
struct Data<'a> {
    scenario: &'a str,
    case: &'a str,
    cache: &'a str,
    engine: &'a str,
    engine_reason: Option<&'a str>,
    verdict: &'a str,
    complete: Option<bool>,
    /// The number of schedules or states.
    searched: Option<String>,
    violations: Vec<(&'a str, u64)>,
    passed: Option<bool>,
    why: Option<String>,
    /// Whether the case must show violations.
    is_control: bool,
    /// The file and the line of the case's expectation.
    source: Option<String>,
    /// The path from the page to that file.
    link: Option<String>,
    file: Option<&'a str>,
    trace: Option<Box<RawValue>>,
}

/// The JSON document of a trace.
fn raw(trace: &Trace) -> Box<RawValue> {
    RawValue::from_string(json(trace).trim_end().to_owned()).expect("a document is JSON")
}

/// Only `<` can end a script element, and in JSON it occurs only in strings.
fn block(data: &Data<'_>) -> String {
    let text = serde_json::to_string(data).expect("strings and numbers are always JSON");
    format!("<script type=\"application/json\" class=\"case\">{}</script>\n", text.replace('<', "\\u003c"))
}
