//! The run as a log for [ShiViz](https://bestchai.bitbucket.io/shiviz/), which draws space-time
//! diagrams of logs with vector clocks.

use serde_json::{Map, Value};

use super::model::Trace;

/// The expression that parses the log: a line with the event, then a line with its host and clock.
/// It is the first line of the file. The second line is empty, because there is only one execution.
const FORMAT: &str = r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})";

/// Formats the run as a log: the steps of each task, with their operations and vector clocks. Open
/// it with "Choose file".
pub fn shiviz(trace: &Trace) -> String {
    let hosts = hosts(trace);
    let mut out = format!("{FORMAT}\n\n");
    for step in &trace.steps {
        let seen = hosts.iter().zip(&step.clock).filter(|(_, seen)| **seen > 0);
        let clock: Map<String, Value> = seen.map(|(host, &seen)| (host.clone(), seen.into())).collect();
        let call = step.operation.map(|operation| trace.operations[operation].call.as_str());
        let call = call.map(|call| format!(" ({call})")).unwrap_or_default();
        let event = format!("{}. {}{call}", step.number, step.what).replace(char::is_control, " ");
        out.push_str(&format!("{event}\n{} {}\n", hosts[step.lane], Value::Object(clock)));
    }
    out
}

/// The tasks' names without spaces, made unique.
fn hosts(trace: &Trace) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    for (lane, name) in trace.lanes.iter().enumerate() {
        let blank = |letter: char| letter.is_whitespace() || letter.is_control();
        let mut host = name.replace(blank, "_");
        if host.is_empty() || hosts.contains(&host) {
            host = format!("{host}_{lane}");
        }
        hosts.push(host);
    }
    hosts
}
