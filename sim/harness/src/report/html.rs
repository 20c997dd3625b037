//! The report as a page: the cases as a table, and each trace as a timeline to step through. One file that needs no network.
//!
//! The page is a head, which is always the same, and then a block of data for each case. So it can be written case by
//! case, and is whole after each of them. HTML does not ask for end tags there.

use serde::Serialize;
use serde_json::value::RawValue;

use super::Judged;
use crate::number::counted;
use crate::trace::{Trace, json, verdict};

const PAGE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/page.css");
/// In the order in which they build on one another.
const SCRIPTS: [&str; 5] = [
    include_str!("html/element.js"),
    include_str!("html/table.js"),
    include_str!("html/timeline.js"),
    include_str!("html/arrows.js"),
    include_str!("html/page.js"),
];

/// A page that shows one trace.
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

/// What every page begins with.
pub(super) fn head() -> String {
    PAGE.replace("/* style */", STYLE).replace("/* script */", &SCRIPTS.concat())
}

/// What the page has of a case; `file` is what its trace is called in the report's folder.
pub(super) fn case_block(judged: &Judged<'_>, file: Option<&str>) -> String {
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
        file,
        trace: report.trace.as_ref().map(raw),
    })
}

/// A case, as the page's scripts read it. What is not known of a trace alone is `None`.
#[derive(Default, Serialize)]
struct Data<'a> {
    scenario: &'a str,
    case: &'a str,
    cache: &'a str,
    engine: &'a str,
    engine_reason: Option<&'a str>,
    verdict: &'a str,
    complete: Option<bool>,
    /// How many schedules or states.
    searched: Option<String>,
    violations: Vec<(&'a str, u64)>,
    passed: Option<bool>,
    why: Option<String>,
    file: Option<&'a str>,
    trace: Option<Box<RawValue>>,
}

/// The document as it is written to files.
fn raw(trace: &Trace) -> Box<RawValue> {
    RawValue::from_string(json(trace).trim_end().to_owned()).expect("a document is JSON")
}

/// In a script element only `<` can end the data, and JSON has it in strings alone.
fn block(data: &Data<'_>) -> String {
    let text = serde_json::to_string(data).expect("strings and numbers are always JSON");
    format!("<script type=\"application/json\" class=\"case\">{}</script>\n", text.replace('<', "\\u003c"))
}
