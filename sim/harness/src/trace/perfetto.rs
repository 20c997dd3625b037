//! The run in the [trace-event
//! format](https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU) that
//! [Perfetto](https://ui.perfetto.dev) and `chrome://tracing` open.
//!
//! A run has no wall clock: a step lasts one millisecond in the picture, and its number is its
//! time.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::model::{Step, Trace};
use super::order::immediately_before;
use super::reason::reason;
use super::state::{changes, entries};

/// The length of a step, in the format's microseconds.
const STEP: u64 = 1_000;
/// The process whose threads are the tasks.
const TASKS: u32 = 1;
/// The process whose threads are the tiers' entries.
const TIERS: u32 = 2;

#[derive(Serialize)]
struct File {
    #[serde(rename = "traceEvents")]
    events: Vec<Event>,
    #[serde(rename = "displayTimeUnit")]
    unit: &'static str,
    #[serde(rename = "otherData")]
    about: Map<String, Value>,
}

#[derive(Serialize)]
struct Event {
    ph: &'static str,
    name: String,
    pid: u32,
    tid: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    cat: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bp: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Value>,
}

impl Event {
    fn new(ph: &'static str, name: &str, pid: u32, tid: usize) -> Self {
        let name = name.to_owned();
        Event { ph, name, pid, tid, cat: None, ts: None, dur: None, id: None, bp: None, args: None }
    }

    /// Names a process or thread.
    fn meta(kind: &str, pid: u32, tid: usize, args: Value) -> Self {
        Event { args: Some(args), ..Event::new("M", kind, pid, tid) }
    }

    /// An event with a duration.
    fn slice(
        cat: &'static str,
        name: &str,
        pid: u32,
        tid: usize,
        (from, to): (u64, u64),
        args: Value,
    ) -> Self {
        let (cat, ts, dur) = (Some(cat), Some(from), Some(to - from));
        Event { cat, ts, dur, args: Some(args), ..Event::new("X", name, pid, tid) }
    }
}

/// Formats the run as a trace-event file: a track for each task, with its operations and steps; a
/// track for each entry of a tier, with its contents; and flow arrows for happens-before.
pub fn perfetto(trace: &Trace) -> String {
    let mut events = Vec::new();
    name(&mut events, TASKS, "tasks", trace.lanes.iter().map(String::as_str));
    run(&mut events, trace);
    flows(&mut events, trace);
    held(&mut events, trace);
    let about = json!({
        "scenario": trace.scenario, "case": trace.case, "cache": trace.cache, "engine": trace.engine,
        "schedule": trace.schedule, "reason": reason(trace),
    });
    let Value::Object(about) = about else { unreachable!("it is written as an object") };
    let file = File { events, unit: "ms", about };
    serde_json::to_string(&file).expect("strings and numbers are always JSON") + "\n"
}

/// Names the threads and numbers them from 1, in display order.
fn name<'n>(events: &mut Vec<Event>, pid: u32, process: &str, threads: impl Iterator<Item = &'n str>) {
    events.push(Event::meta("process_name", pid, 0, json!({ "name": process })));
    events.push(Event::meta("process_sort_index", pid, 0, json!({ "sort_index": pid })));
    for (at, thread) in threads.enumerate() {
        events.push(Event::meta("thread_name", pid, at + 1, json!({ "name": thread })));
        events.push(Event::meta("thread_sort_index", pid, at + 1, json!({ "sort_index": at })));
    }
}

fn begins(step: &Step) -> u64 {
    u64::from(step.number) * STEP
}

/// Adds the operations, and the steps inside them.
fn run(events: &mut Vec<Event>, trace: &Trace) {
    let end = (trace.steps.len() as u64 + 1) * STEP;
    for span in trace.operations.iter().filter(|span| span.last > 0) {
        let to = if span.reply.is_some() { (u64::from(span.last) + 1) * STEP } else { end };
        let time = (u64::from(span.first) * STEP, to);
        let args = json!({ "reply": span.reply });
        events.push(Event::slice("operation", &span.call, TASKS, span.lane + 1, time, args));
    }
    for step in &trace.steps {
        let args = json!({ "step": step.number, "location": step.location, "virtual time (ms)": step.time });
        let time = (begins(step), begins(step) + STEP);
        events.push(Event::slice("step", &step.what, TASKS, step.lane + 1, time, args));
    }
}

/// Adds an arrow for each immediate happens-before, from the middle of one step to the middle of
/// the other.
fn flows(events: &mut Vec<Event>, trace: &Trace) {
    let mut id = 0;
    for (step, before) in trace.steps.iter().zip(immediately_before(trace)) {
        for from in before.into_iter().map(|at| &trace.steps[at]) {
            id += 1;
            let end = |ph, step: &Step, bp| Event {
                cat: Some("happens-before"),
                ts: Some(begins(step) + STEP / 2),
                id: Some(id),
                bp,
                ..Event::new(ph, "happens before", TASKS, step.lane + 1)
            };
            events.push(end("s", from, None));
            events.push(end("f", step, Some("e")));
        }
    }
}

/// Adds the contents of each tier's entries over time.
fn held(events: &mut Vec<Event>, trace: &Trace) {
    let changes = changes(trace);
    let end = (trace.steps.len() as u64 + 1) * STEP;
    let entries =
        (0..trace.tiers.len()).flat_map(|tier| entries(trace, tier).into_iter().map(move |its| (tier, its)));
    let entries: Vec<_> = entries.collect();
    let names: Vec<_> =
        entries.iter().map(|(tier, entry)| format!("{} {entry}", trace.tiers[*tier].name)).collect();
    name(events, TIERS, "tiers", names.iter().map(String::as_str));
    for (at, (tier, entry)) in entries.into_iter().enumerate() {
        let start = trace.tiers[tier].start.iter().find(|its| its.entry == entry).map(|its| its.value);
        let mut since = (0, start);
        let its =
            trace.steps.iter().zip(&changes).filter_map(|(step, change)| Some((begins(step), (*change)?)));
        let its = its.filter(|(_, change)| change.tier == tier && change.entry == entry);
        for (time, content) in its.map(|(time, change)| (time, change.content)).chain([(end, None)]) {
            if let (from, Some(value)) = since {
                let args = json!({ "written for": value.key.name() });
                events.push(Event::slice("content", &value.to_string(), TIERS, at + 1, (from, time), args));
            }
            since = (time, content);
        }
    }
}
