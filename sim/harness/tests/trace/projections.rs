//! The forms for other tools: an independent reader reads each.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::io::Write;
use std::process::{Command, Stdio};

use selvedge_sim::history::Key;
use selvedge_sim::trace::{Look, Trace, lanes_in, mermaid, perfetto, reason_in, shiviz};
use serde_json::Value;

use crate::document::traces;
use crate::{article, crowd, recorded};

/// Traces whose texts contain special characters of every form.
fn awkward() -> Vec<Trace> {
    let names = ["end; note", "a#b %% {x}", "<b>\"q\"</b>\\", "two words\nand a line", "", "α → ω", "loop"];
    let named = names.map(|name| {
        let mut trace = article();
        trace.lanes[0] = name.to_owned();
        trace.scenario = name.to_owned();
        trace.steps[0].what = name.to_owned();
        trace.operations[0].call = name.to_owned();
        trace.operations[0].reply = Some(name.to_owned());
        trace
    });
    let mut alike = article();
    alike.lanes[1] = alike.lanes[0].clone();
    let mut never = article();
    never.operations[1].reply = None;
    named
        .into_iter()
        .chain([alike, never, crowd(6, "tenant:acme-industries:user_profile:settings:42")])
        .collect()
}

fn all() -> impl Iterator<Item = Trace> {
    traces().into_iter().chain(awkward())
}

#[test]
fn the_articles_stale_read_in_each_form() {
    recorded("projection-mermaid", &mermaid(&article()));
    recorded("projection-shiviz", &shiviz(&article()));
    let indented: Value = serde_json::from_str(&perfetto(&article())).expect("JSON");
    let events = indented["traceEvents"].as_array().expect("events");
    let lines: Vec<_> = events.iter().map(Value::to_string).collect();
    recorded("projection-perfetto", &lines.join("\n"));
}

/// Mermaid's own parser, if it is installed: npm's `mermaid` in the folder that the variable names.
#[test]
fn mermaid_reads_the_diagrams() {
    let Some(folder) = env::var_os("SELVEDGE_MERMAID") else {
        let why = "SELVEDGE_MERMAID names no folder with npm's mermaid";
        assert!(env::var_os("CI").is_none_or(|ci| ci != "true"), "{why}");
        _ = writeln!(std::io::stderr(), "skipped: the diagrams were not read by mermaid's parser; {why}");
        return;
    };
    let mut diagrams: Vec<String> = all().map(|trace| mermaid(&trace)).collect();
    // The parser works: it rejects an invalid diagram.
    diagrams.push("sequenceDiagram\n  t0 says hello\n".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/trace/mermaid.mjs");
    let mut node = Command::new("node");
    node.arg(script).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut node = node.spawn().expect("node runs");
    let text = serde_json::to_string(&diagrams).expect("strings");
    node.stdin.take().expect("piped").write_all(text.as_bytes()).expect("node reads");
    let output = node.wait_with_output().expect("node ends");
    let answers: Vec<Option<String>> = serde_json::from_slice(&output.stdout).expect("an answer for each");
    assert_eq!(answers.len(), diagrams.len());
    for (diagram, answer) in diagrams.iter().zip(&answers).take(diagrams.len() - 1) {
        assert_eq!(*answer, None, "{diagram}");
    }
    assert!(answers.last().is_some_and(Option::is_some), "what is not a diagram is refused");
}

/// Reads a log like ShiViz, with the expression on its first line: an event, then its host and its
/// clock.
fn read_shiviz(log: &str) -> Vec<(String, BTreeMap<String, u64>)> {
    let (expression, log) = log.split_once('\n').expect("a first line");
    assert_eq!(expression, r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})");
    let log = log.strip_prefix('\n').expect("one execution: the second line is empty");
    let lines: Vec<&str> = log.lines().collect();
    let (pairs, rest) = lines.as_chunks::<2>();
    assert_eq!(rest, [""; 0]);
    let read = |[event, place]: &[&str; 2]| {
        let (host, clock) = place.split_once(' ').expect("a host and a clock");
        assert!(!event.is_empty() && !host.is_empty(), "{event:?}");
        (host.to_owned(), serde_json::from_str(clock).expect("a clock is JSON"))
    };
    pairs.iter().map(read).collect()
}

#[test]
fn shiviz_reads_the_logs() {
    for trace in all() {
        let events = read_shiviz(&shiviz(&trace));
        assert_eq!(events.len(), trace.steps.len());
        let mut hosts: BTreeMap<String, Vec<BTreeMap<String, u64>>> = BTreeMap::new();
        for (host, clock) in &events {
            let own = hosts.entry(host.clone()).or_default();
            own.push(clock.clone());
            assert_eq!(clock[host], own.len() as u64, "a host counts its events from 1, without a gap");
            for (other, seen) in clock {
                let there = hosts.get(other).map_or(0, Vec::len) as u64;
                assert!((1..=there).contains(seen), "{host} knows of {seen} events of {other}, of {there}");
            }
        }
        for clocks in hosts.values() {
            for pair in clocks.windows(2) {
                assert!(pair[0].iter().all(|(host, seen)| pair[1][host] >= *seen), "clocks do not go back");
            }
        }
        let lanes: BTreeSet<usize> = trace.steps.iter().map(|step| step.lane).collect();
        assert_eq!(hosts.len(), lanes.len(), "tasks with the same name have different hosts");
    }
}

/// The slices of a trace-event file, by track.
type Slices = BTreeMap<(u64, u64), Vec<(u64, u64)>>;

/// Checks a file against the rules of the trace-event format.
fn check_events(file: &Value) {
    let number =
        |event: &Value, field: &str| event[field].as_u64().unwrap_or_else(|| panic!("{field} of {event}"));
    let (mut named, mut slices, mut flows) = (BTreeSet::new(), Slices::new(), BTreeMap::new());
    for event in file["traceEvents"].as_array().expect("events") {
        let track = (number(event, "pid"), number(event, "tid"));
        assert!(event["name"].is_string(), "{event}");
        match event["ph"].as_str().expect("a phase") {
            "M" => {
                let args = &event["args"];
                match event["name"].as_str() {
                    Some("process_name") => assert!(args["name"].is_string(), "{event}"),
                    Some("thread_name") => {
                        assert!(args["name"].is_string(), "{event}");
                        assert!(named.insert(track), "two names: {event}");
                    }
                    Some("process_sort_index" | "thread_sort_index") => {
                        assert!(args["sort_index"].is_u64(), "{event}");
                    }
                    _ => panic!("no metadata of the format: {event}"),
                }
            }
            "X" => {
                let (ts, dur) = (number(event, "ts"), number(event, "dur"));
                assert!(dur > 0, "{event}");
                slices.entry(track).or_default().push((ts, ts + dur));
            }
            phase @ ("s" | "f") => {
                let flow = flows.entry(number(event, "id")).or_insert_with(Vec::new);
                flow.push((
                    phase.to_owned(),
                    number(event, "ts"),
                    track,
                    event["cat"].clone(),
                    event["name"].clone(),
                ));
                // The arrow ends at the enclosing slice, not at the next one.
                assert_eq!(event.get("bp").is_some_and(|bp| bp == "e"), phase == "f", "{event}");
            }
            other => panic!("no phase that is written: {other}"),
        }
    }
    for (track, slices) in &mut slices {
        assert!(named.contains(track), "a track without a name");
        slices.sort_by_key(|&(from, to)| (from, std::cmp::Reverse(to)));
        let mut open: Vec<u64> = Vec::new();
        for &mut (from, to) in slices {
            open.retain(|&end| end > from);
            assert!(open.iter().all(|&end| to <= end), "slices of a track lie in one another, or apart");
            open.push(to);
        }
    }
    for (id, flow) in flows {
        let [(first, from, out, cat, name), (second, to, into, cats, names)] = flow.as_slice() else {
            panic!("flow {id} has two ends")
        };
        assert_eq!((first.as_str(), second.as_str(), cat, name), ("s", "f", cats, names), "flow {id}");
        assert!(from < to, "flow {id} goes forward");
        for (track, at) in [(out, from), (into, to)] {
            let around = slices[track].iter().any(|(start, end)| start <= at && at < end);
            assert!(around, "flow {id} ends in a slice");
        }
    }
}

#[test]
fn perfetto_reads_the_events() {
    for trace in all() {
        let file: Value = serde_json::from_str(&perfetto(&trace)).expect("JSON");
        check_events(&file);
        let events = file["traceEvents"].as_array().expect("events");
        let steps = events.iter().filter(|event| event["cat"] == "step").count();
        assert_eq!(steps, trace.steps.len());
    }
}

#[test]
fn each_width_is_observed() {
    for trace in traces().iter().chain(&awkward()[7..]) {
        for columns in [60, 80, 100, 120] {
            let look = Look::PLAIN.of_width(columns);
            let shown = format!("{}\n{}", lanes_in(trace, look), reason_in(trace, look));
            for line in shown.lines() {
                assert!(line.chars().count() <= columns.min(100), "wider than {columns}: {line}");
            }
        }
    }
}

/// The text without colour codes.
fn without_colour(text: &str) -> String {
    let mut parts = text.split('\x1b');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').expect("a code ends").1)
}

#[test]
fn colours_change_nothing_else() {
    for trace in traces() {
        let colour = Look::PLAIN.in_colour(true);
        let shown = (lanes_in(&trace, colour), reason_in(&trace, colour));
        assert!(shown.0.contains('\x1b') && shown.1.contains('\x1b'));
        let bare = (without_colour(&shown.0), without_colour(&shown.1));
        assert_eq!(bare, (lanes_in(&trace, Look::PLAIN), reason_in(&trace, Look::PLAIN)));
    }
}

#[test]
fn an_uninterrupted_fill_is_one_line() {
    let lanes = |scenario: &str| {
        let trace = traces().into_iter().find(|trace| trace.scenario == scenario).expect("it ships");
        lanes_in(&trace, Look::PLAIN)
    };
    let epoch = lanes("control-epoch");
    assert!(epoch.contains("11-13") && !epoch.contains("locks"), "{epoch}");
    let mut apart = traces().into_iter().find(|trace| trace.scenario == "control-epoch").expect("it ships");
    // Another thread runs between the lock and the fill.
    apart.steps[11].lane = 1;
    apart.steps[11].operation = None;
    let apart = lanes_in(&apart, Look::PLAIN);
    assert!(apart.contains("locks") && !apart.contains("11-13"), "{apart}");
}

#[test]
fn the_key_is_named_where_it_is_not_the_operations() {
    let mut trace = article();
    trace.steps[3].what = "L1.remove user_profile:1".to_owned();
    let other = Key::new("user_profile:1");
    trace.steps[3].effect = Some(selvedge_sim::trace::Effect::Left { entry: other, content: None });
    let lanes = lanes_in(&trace, Look::PLAIN);
    assert!(lanes.contains("redis SETEX = v1") && lanes.contains("L1.remove user_profile:1"), "{lanes}");
}
