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

/// A page that is more than a report: it has a section before the report's, in the same style.
#[derive(Clone, Copy, Debug)]
pub struct Extension<'a> {
    /// The section, as HTML.
    pub section: &'a str,
    /// CSS, after the report's.
    pub style: &'a str,
    /// A script, after the report's. `showCases` of the page shows cases as [`case_data`] returns
    /// them, and an event `step` of the document reports each selected step.
    pub script: &'a str,
    /// Whether the script may send requests to the page's own server.
    pub connects: bool,
}

/// The page with an extension, and without a case.
pub fn extended_page(extension: &Extension<'_>) -> String {
    let Extension { section, style, script, connects } = *extension;
    let sources = if connects { "default-src 'none'; connect-src 'self';" } else { "default-src 'none';" };
    page(section, &[STYLE, style].concat(), &[&SCRIPTS.concat(), script].concat()).replacen(
        "default-src 'none';",
        sources,
        1,
    )
}

/// A case as one JSON object in one line, for the script of an [`Extension`].
pub fn case_data(judged: &Judged<'_>) -> String {
    // In JSON, a line end occurs only between two values.
    text(&data(judged, None, None)).replace('\n', "")
}

/// The head of every page.
pub(super) fn head() -> String {
    page("", STYLE, &SCRIPTS.concat())
}

fn page(section: &str, style: &str, script: &str) -> String {
    let page = PAGE.replacen("<!-- section -->", section, 1);
    page.replacen("/* style */", style, 1).replacen("/* script */", script, 1)
}

/// The block of a case. `file` is the name of its trace in the report's folder, and `link` the path
/// from there to the source of the case.
pub(super) fn case_block(judged: &Judged<'_>, file: Option<&str>, link: Option<String>) -> String {
    block(&data(judged, file, link))
}

fn data<'a>(judged: &'a Judged<'_>, file: Option<&'a str>, link: Option<String>) -> Data<'a> {
    let report = &judged.report;
    let (count, what) = report.searched();
    Data {
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
    }
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

fn block(data: &Data<'_>) -> String {
    format!("<script type=\"application/json\" class=\"case\">{}</script>\n", text(data))
}

/// Only `<` can end a script element, and in JSON it occurs only in strings.
fn text(data: &Data<'_>) -> String {
    let text = serde_json::to_string(data).expect("strings and numbers are always JSON");
    text.replace('<', "\\u003c")
}
