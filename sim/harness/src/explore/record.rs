//! From a run that was noted to its trace.

use selvedge_engine::{Ending, Run, TraceStep};

use crate::backends::{Note, take_sources};
use crate::history::{Call, History, OperationId, Reply};
use crate::oracle::Finding;
use crate::scenario::{Case, Local};
use crate::trace::{self, Place, Span, Step, Trace};
use crate::world::Plan;

/// The trace of a run. The steps in which the tiers were set up are left out: they are its start.
pub(super) fn record<C>(
    case: &Case,
    plan: &Plan<C>,
    run: &Run<'_>,
    history: &History,
    notes: Vec<Note>,
    findings: Vec<Finding>,
) -> Trace {
    let steps = steps(plan, run, history, notes);
    let mut lanes: Vec<String> = plan.threads.iter().map(|thread| thread.name.clone()).collect();
    lanes.push("observer".to_owned());
    if case.local == Local::Expiring {
        lanes.push("clock".to_owned());
    }
    let spans = (0..history.operations().len()).map(|operation| span(operation, history, &steps)).collect();
    Trace {
        scenario: case.scenario.clone(),
        case: case.name.clone(),
        cache: case.cache.clone(),
        start: start(case, plan),
        lanes,
        steps,
        operations: spans,
        findings,
        ending: match run.ending() {
            Ending::Deadlock(waiting) => trace::Ending::Deadlock(waiting.clone()),
            Ending::Panic { task, report } => {
                trace::Ending::Panic(format!("{task} panicked at {}: {}", report.location, report.message))
            }
            Ending::Complete | Ending::TooLong | Ending::Nondeterministic(_) => trace::Ending::Complete,
        },
        schedule: run.schedule().to_string(),
    }
}

fn start<C>(case: &Case, plan: &Plan<C>) -> Vec<String> {
    let holds = |there: bool| {
        let held: Vec<String> = plan.keys.iter().map(|key| format!("{key} = v0")).collect();
        if there { held.join(", ") } else { "empty".to_owned() }
    };
    let remark = match case.local {
        Local::Cold | Local::Warm => "",
        Local::Expired => " (expired)",
        Local::Expiring => " (may expire at any point)",
    };
    vec![
        format!("L1 {}{remark}", holds(case.local != Local::Cold)),
        format!("redis {}", holds(plan.keys.iter().any(|&key| plan.at_start(key).is_some()))),
    ]
}

fn steps<C>(plan: &Plan<C>, run: &Run<'_>, history: &History, notes: Vec<Note>) -> Vec<Step> {
    let threads = plan.threads.len();
    let mut time = 0;
    let sources = take_sources();
    let told = run.trace().map(|told| told.steps).unwrap_or_default();
    let mut notes = notes.into_iter().peekable();
    let mut steps = Vec::new();
    for (position, event) in run.steps().enumerate() {
        let mut note = None;
        while let Some(its) = notes.next_if(|note| note.step <= position + 1) {
            note = Some(its).filter(|note| note.step == position + 1);
        }
        if let Some(moved) = note.as_ref().and_then(|note| note.time) {
            time = moved.as_millis() as u64;
        }
        let operation = operation_of(history, event.task, event.index);
        let lane = match event.task as usize {
            0 if operation.is_none() => continue,
            0 => threads,
            task if task <= threads => task - 1,
            _ => threads + 1,
        };
        let (place, what, effect) = match note {
            Some(note) => (note.place, note.what, note.effect),
            None => (Place::Other, told.get(position).map_or("a step".to_owned(), words), None),
        };
        let source = sources.get(&(position + 1)).copied().unwrap_or(event.source);
        let location = format!("{}:{}", source.file(), source.line());
        let number = steps.len() as u32 + 1;
        steps.push(Step { number, lane, place, what, effect, location, time, operation });
    }
    steps
}

/// A step of an object that notes nothing, in the engine's words.
fn words(step: &TraceStep) -> String {
    let mut text = format!("{} {}", step.object.as_deref().unwrap_or_default(), step.operation);
    match (&step.before, &step.after) {
        (Some(before), Some(after)) => text += &format!(" {before} → {after}"),
        (Some(before), None) => text += &format!(" → {before}"),
        (None, _) => {}
    }
    if let Some(outcome) = &step.outcome {
        text += &format!(": {outcome}");
    }
    text.trim_start().to_owned()
}

/// The operation that an event is part of.
fn operation_of(history: &History, task: u32, index: u32) -> Option<OperationId> {
    history.operations().iter().enumerate().find_map(|(id, operation)| {
        let last = history.response(id).map_or(u32::MAX, |clock| clock[task as usize]);
        (operation.first.task == task && operation.first.index <= index && index <= last).then_some(id)
    })
}

fn span(id: OperationId, history: &History, steps: &[Step]) -> Span {
    let operation = &history.operations()[id];
    let own = || steps.iter().filter(|step| step.operation == Some(id)).map(|step| step.number);
    let key = operation.key;
    Span {
        lane: operation.thread,
        call: match operation.call {
            Call::Get => format!("get {key}"),
            Call::Set(value) => format!("set {key} = {value}"),
            Call::Delete => format!("delete {key}"),
        },
        reply: match operation.reply {
            Reply::Unknown => None,
            Reply::Done => Some("done".to_owned()),
            Reply::Read(None) => Some("absent".to_owned()),
            Reply::Read(Some(value)) if value.key == key => Some(value.to_string()),
            Reply::Read(Some(value)) => Some(format!("{}'s {value}", value.key)),
        },
        first: own().next().unwrap_or(steps.len() as u32 + 1),
        last: own().next_back().unwrap_or(0),
    }
}
