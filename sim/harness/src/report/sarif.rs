//! The failed cases as SARIF 2.1.0: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/>.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::Judged;
use super::culprit::{culprit, line_of, within};
use crate::oracle::Rule;
use crate::scenario::{Outcome, SourceLine};
use crate::trace::{Trace, reason};
use crate::verdict::Verdict;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The page of the tool.
const INFORMATION: &str = "https://docs.rs/selvedge-sim";

/// Every rule that a result can name: its stable id, its description and its help. The oracle's
/// come first.
const RULES: [(&str, &str, &str); 13] = [
    (
        "crossed",
        "A read returned another key's value.",
        "Look for a local or remote key that does not contain the complete identity of the stored value.",
    ),
    (
        "phantom",
        "A read returned a value that no operation wrote.",
        "Look for a value that the cache creates or changes.",
    ),
    (
        "lost-update",
        "An update overwrote an acknowledged version that it had not read.",
        "Write with a compare-and-set at the source of truth (a script, WATCH, or a version in the WHERE clause), and repeat the update if it is refused.",
    ),
    (
        "stale",
        "A read returned a version older than one whose write was acknowledged before it.",
        "Fence each fill with a generation that writes increment, and check it under the lock of the local entry.",
    ),
    (
        "inverted",
        "A read returned a version older than one that an earlier read had returned.",
        "Announce a write before the remote tier is written, so that no fill of the old version ends after it.",
    ),
    (
        "lasting",
        "After all tasks had ended, a read returned a version that is not the last.",
        "Nothing will repair it: look for a fill that ended after the removal that should have followed it.",
    ),
    (
        "deadlock",
        "Some schedule blocks forever.",
        "The trace names the lock or event for which each task waits, and its holder.",
    ),
    ("panic", "Some schedule panics.", "The trace ends with the step before the panic."),
    (
        "nondeterministic",
        "A repeated schedule had another result.",
        "Look for a random number, a real clock, the order of a hash map, or state that outlives a run.",
    ),
    (
        "control-did-not-fail",
        "The complete search of a control did not find its violation.",
        "If the cache is no longer broken, change the expectation; otherwise the search misses a schedule.",
    ),
    (
        "bounded",
        "A search that must be complete ended before it had covered every schedule.",
        "Raise the budget, reduce the case, or allow it with `bounded = true`.",
    ),
    (
        "vacuous",
        "No read overlapped or followed a write, so no rule could be broken.",
        "Let a thread read a key that another one writes.",
    ),
    (
        "changed",
        "The counts or the witness differ from the accepted baseline.",
        "If the change is intended, record it with `selvedge gate --accept`.",
    ),
];

/// The failed cases as a SARIF log. A result is at the line to look at first, and its code flow is
/// the simplest run that shows the failure: a thread flow for each task, with the steps' execution
/// order. Its fingerprint is the scenario and the case, not the line. File names are relative to
/// `root`.
pub fn sarif(cases: &[Judged<'_>], root: &Path) -> String {
    let failed = cases.iter().filter(|judged| !judged.judgement.passed());
    let driver = Driver {
        name: "Selvedge",
        semantic_version: env!("CARGO_PKG_VERSION"),
        information_uri: INFORMATION,
        rules: RULES
            .iter()
            .map(|&(id, text, help)| Reporting {
                id,
                short_description: Message { text: text.to_owned() },
                full_description: Message { text: format!("{text} {help}") },
                help: Message { text: help.to_owned() },
            })
            .collect(),
    };
    let results = failed.map(|judged| result(judged, root)).collect();
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [Run { tool: Tool { driver }, results }] };
    serde_json::to_string_pretty(&log).expect("strings and numbers are always JSON") + "\n"
}

fn result(judged: &Judged<'_>, root: &Path) -> SarifResult {
    let id = rule_id(judged);
    let case = judged.case;
    let trace = judged.report.trace.as_ref().filter(|_| judged.diff.is_none());
    let mut text = format!("{} {}: {}", case.scenario, case.name, judged.judgement.why);
    match trace {
        Some(trace) => text += &format!("\n\n{}", reason(trace).trim_end()),
        None => text += &format!("\n\n{}", judged.evidence()),
    }
    let identity = format!("{}/{}", case.scenario, case.name);
    SarifResult {
        rule_id: id,
        rule_index: RULES.iter().position(|(known, ..)| *known == id),
        level: "error",
        message: Message { text: text.trim_end().to_owned() },
        locations: [Location { physical_location: physical(&culprit(judged), root), message: None }],
        code_flows: trace.map(|trace| flow(judged, trace, root)).into_iter().collect(),
        partial_fingerprints: BTreeMap::from([("selvedgeCase/v1", identity)]),
        properties: Properties {
            engine: judged.report.engine.name(),
            engine_reason: judged.report.engine_reason.clone(),
        },
    }
}

fn rule_id(judged: &Judged<'_>) -> &'static str {
    let rule = match (&judged.report.verdict, judged.judgement.outcome) {
        (Verdict::Violated(rules), Outcome::Violation) => {
            // A control is wrong if it breaks a rule that it does not list; the trace shows that
            // rule, if any.
            let shown = judged.report.trace.as_ref().and_then(|trace| trace.findings.first());
            shown.map(|finding| finding.rule).or_else(|| rules.first().copied())
        }
        _ => None,
    };
    match (rule, judged.judgement.outcome) {
        (Some(rule), _) => Rule::name(rule),
        (None, Outcome::Violation | Outcome::Crash) => judged.report.verdict.word(),
        (None, outcome) => outcome.name(),
    }
}

fn flow(judged: &Judged<'_>, trace: &Trace, root: &Path) -> CodeFlow {
    let thread = |lane: usize| {
        let steps = trace.steps.iter().filter(|step| step.lane == lane);
        let locations: Vec<_> = steps
            .map(|step| {
                let text = format!("step {}, {}: {}", step.number, trace.lanes[lane], step.what);
                let physical_location = physical(&line_of(judged, step), root);
                ThreadFlowLocation {
                    location: Location { physical_location, message: Some(Message { text }) },
                    execution_order: step.number,
                }
            })
            .collect();
        (!locations.is_empty()).then(|| ThreadFlow { id: trace.lanes[lane].clone(), locations })
    };
    let which = match trace.is_simplest {
        true => "the simplest schedule that shows it",
        false => "the first schedule found that shows it",
    };
    CodeFlow {
        message: Message { text: which.to_owned() },
        thread_flows: (0..trace.lanes.len()).filter_map(thread).collect(),
    }
}

fn physical(at: &SourceLine, root: &Path) -> PhysicalLocation {
    let file = within(root, &at.file);
    let absolute = Path::new(&file).is_absolute();
    let uri = if absolute { format!("file://{}", encoded(&file)) } else { encoded(&file) };
    PhysicalLocation {
        artifact_location: ArtifactLocation { uri, uri_base_id: (!absolute).then_some("%SRCROOT%") },
        region: Region { start_line: at.line.max(1) },
    }
}

/// Percent-encodes a path for a URI.
fn encoded(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(byte.into())
            }
            _ => uri += &format!("%{byte:02X}"),
        }
    }
    uri
}

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
struct Run {
    tool: Tool,
    results: Vec<SarifResult>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<Reporting>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reporting {
    id: &'static str,
    short_description: Message,
    full_description: Message,
    help: Message,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    code_flows: Vec<CodeFlow>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    properties: Properties,
}

/// SARIF lets each tool define these.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    engine: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    engine_reason: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CodeFlow {
    message: Message,
    thread_flows: Vec<ThreadFlow>,
}

#[derive(Serialize)]
struct ThreadFlow {
    id: String,
    locations: Vec<ThreadFlowLocation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ThreadFlowLocation {
    location: Location,
    execution_order: u32,
}
