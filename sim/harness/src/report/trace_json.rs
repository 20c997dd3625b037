//! A trace as a line of JSON.

use serde::Serialize;

use crate::trace::{Ending, Trace, reason};

#[derive(Serialize)]
struct Line<'t> {
    scenario: &'t str,
    case: &'t str,
    cache: &'t str,
    start: &'t [String],
    operations: Vec<OperationLine<'t>>,
    steps: Vec<StepLine<'t>>,
    violations: Vec<&'static str>,
    ending: &'static str,
    reason: String,
    schedule: &'t str,
}

#[derive(Serialize)]
struct OperationLine<'t> {
    task: &'t str,
    call: &'t str,
    reply: Option<&'t str>,
    first: u32,
    last: u32,
}

#[derive(Serialize)]
struct StepLine<'t> {
    step: u32,
    task: &'t str,
    event: &'t str,
    operation: Option<usize>,
    location: &'t str,
    time_ms: u64,
}

/// The trace as one JSON object, without a line end.
pub fn trace_line(trace: &Trace) -> String {
    let task = |lane: usize| trace.lanes[lane].as_str();
    let line = Line {
        scenario: &trace.scenario,
        case: &trace.case,
        cache: &trace.cache,
        start: &trace.start,
        operations: trace
            .operations
            .iter()
            .map(|span| OperationLine {
                task: task(span.lane),
                call: &span.call,
                reply: span.reply.as_deref(),
                first: span.first,
                last: span.last,
            })
            .collect(),
        steps: trace
            .steps
            .iter()
            .map(|step| StepLine {
                step: step.number,
                task: task(step.lane),
                event: &step.what,
                operation: step.operation,
                location: &step.location,
                time_ms: step.time,
            })
            .collect(),
        violations: trace.findings.iter().map(|finding| finding.rule.name()).collect(),
        ending: match trace.ending {
            Ending::Complete => "complete",
            Ending::Deadlock(_) => "deadlock",
            Ending::Panic(_) => "panic",
        },
        reason: reason(trace),
        schedule: &trace.schedule,
    };
    serde_json::to_string(&line).expect("strings and numbers are always JSON")
}
