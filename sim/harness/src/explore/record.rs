//! Converts a recorded run to its trace.

use std::collections::BTreeMap;

use selvedge_engine::{Ending, Run, TraceStep};

use crate::backends::{Note, take_blocked, take_sources};
use crate::history::{Call, History, OperationId, Reply, Value};
use crate::oracle::Finding;
use crate::scenario::{Case, Local, NODES, RemoteStart, Source};
use crate::script::Script;
use crate::trace::{self, Entry, Place, Span, Step, Tier, Trace};
use crate::verdict::Engine;
use crate::world::{Plan, TTL};

/// The trace of a run. Omits the steps that set up the tiers: the trace has their result as its
/// start.
pub(super) fn record<C>(
    case: &Case,
    by: Engine,
    plan: &Plan<C>,
    run: &Run<'_>,
    history: &History,
    notes: Vec<Note>,
    findings: Vec<Finding>,
) -> Trace {
    let lanes = Lanes::of(case, plan, run, history);
    let mut faults = Vec::new();
    let steps = steps(run, history, notes, &lanes, &mut faults);
    let operations = 0..history.operations().len();
    let code = case.script.as_ref().map(|script| code(script, &steps)).unwrap_or_default();
    let spans = operations.map(|operation| span(operation, history, &steps, &lanes)).collect();
    Trace {
        scenario: case.scenario.clone(),
        case: case.name.clone(),
        cache: case.cache.clone(),
        engine: by.name().to_owned(),
        tiers: tiers(case, plan),
        faults,
        blocked: take_blocked(),
        lanes: lanes.names,
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
        is_simplest: true,
        code,
    }
}

/// The text of the script's lines that have a step, by location.
fn code(script: &Script, steps: &[Step]) -> BTreeMap<String, String> {
    let lines: Vec<&str> = script.text().lines().collect();
    let text = |location: &str| {
        let (_, line) = location.strip_prefix(script.name())?.split_once(':')?;
        Some(lines.get(line.parse::<usize>().ok()?.checked_sub(1)?)?.trim().to_owned())
    };
    steps.iter().filter_map(|step| Some((step.location.clone(), text(&step.location)?))).collect()
}

/// The lanes, and the lane of each task.
struct Lanes {
    names: Vec<String>,
    /// The lane of each engine task, by task number.
    of: Vec<usize>,
}

impl Lanes {
    /// The threads, the observer, and then other tasks, such as the clock. The cache's tasks are
    /// spawned in between, so a thread is identified by its calls, or by its name.
    fn of<C>(case: &Case, plan: &Plan<C>, run: &Run<'_>, history: &History) -> Self {
        let threads = plan.threads.len();
        let last = run.steps().map(|event| event.task as usize).max().unwrap_or(0);
        let mut of: Vec<Option<usize>> = vec![None; last + 1];
        of[0] = Some(threads);
        for its in history.operations().iter().filter(|its| its.thread < threads) {
            if let Some(lane) = of.get_mut(its.first.task as usize) {
                *lane = Some(its.thread);
            }
        }
        for (thread, its) in plan.threads.iter().enumerate() {
            let is_its = |task: &usize| of[*task].is_none() && run.task_name(*task as u32) == its.name;
            if !of.contains(&Some(thread))
                && let Some(task) = (1..=last).find(is_its)
            {
                of[task] = Some(thread);
            }
        }
        let mut names: Vec<String> = plan.threads.iter().map(|thread| thread.name.clone()).collect();
        names.push("observer".to_owned());
        for (task, lane) in of.iter_mut().enumerate().filter(|(_, lane)| lane.is_none()) {
            *lane = Some(names.len());
            let name = run.task_name(task as u32);
            // A task of the cache can have the name of a scenario's thread.
            names.push(if names.contains(&name) { format!("{name} (task {task})") } else { name });
        }
        if case.has_clock() && !names.iter().any(|name| name == "clock") {
            names.push("clock".to_owned());
        }
        Lanes { names, of: of.into_iter().flatten().collect() }
    }

    fn of_task(&self, task: u32) -> usize {
        self.of[task as usize]
    }
}

fn tiers<C>(case: &Case, plan: &Plan<C>) -> Vec<Tier> {
    let keys = || plan.keys.iter().copied();
    let expires = match case.local {
        Local::Cold | Local::Warm => None,
        Local::Expired => Some(0),
        Local::Expiring => Some(TTL.as_millis() as u64),
    };
    let local = keys().filter(|_| case.local != Local::Cold);
    let local = local.map(|entry| Entry { entry, value: Value { key: entry, version: 0 }, expires });
    let remote = keys().filter_map(|entry| Some((entry, plan.at_start(entry)?)));
    let expires = (case.remote == RemoteStart::Expiring).then_some(TTL.as_millis() as u64);
    let remote = remote.map(|(entry, value)| Entry { entry, value, expires });
    let local: Vec<_> = local.collect();
    let local_of = |node| {
        let name = if plan.nodes == 1 { "L1".to_owned() } else { format!("L1 {}", NODES[node]) };
        Tier { place: Place::local_of(node), name, start: local.clone() }
    };
    let mut tiers: Vec<_> = (0..plan.nodes).map(local_of).collect();
    tiers.push(Tier { place: Place::Remote, name: "redis".to_owned(), start: remote.collect() });
    if case.source == Source::Database {
        let start = plan.in_database().map(|value| Entry { entry: value.key, value, expires: None });
        tiers.push(Tier { place: Place::Database, name: "database".to_owned(), start: start.collect() });
    }
    tiers
}

/// Converts the events to steps. The faults are chosen before the first step, and are recorded in
/// `faults`.
fn steps(
    run: &Run<'_>,
    history: &History,
    notes: Vec<Note>,
    lanes: &Lanes,
    faults: &mut Vec<String>,
) -> Vec<Step> {
    let mut time = 0;
    let sources = take_sources();
    let recorded = run.trace().map(|trace| trace.steps).unwrap_or_default();
    let mut notes = notes.into_iter().peekable();
    let mut steps = Vec::new();
    // For each lane, the number of its events up to each of its steps: events of the set-up are not
    // steps.
    let mut kept: Vec<Vec<u32>> = vec![Vec::new(); lanes.names.len()];
    for (position, event) in run.steps().enumerate() {
        // Notes after the last step come from tasks that unwind.
        let mut note = None;
        while let Some(its) = notes.next_if(|note| note.step <= position + 1) {
            note = note.or(Some(its).filter(|note| note.step == position + 1));
        }
        if let Some(moved) = note.as_ref().and_then(|note| note.time) {
            time = moved.as_millis() as u64;
        }
        let operation = operation_of(history, event.task, event.index);
        let lane = lanes.of_task(event.task);
        if event.task == 0 && operation.is_none() {
            faults.extend(note.filter(|note| note.place == Place::Other).map(|note| note.what));
            continue;
        }
        kept[lane].push(event.index);
        let mut clock = vec![0; lanes.names.len()];
        for (task, &seen) in run.clock(position).iter().enumerate().filter(|(_, seen)| **seen > 0) {
            let its = lanes.of_task(task as u32);
            clock[its] = kept[its].partition_point(|&index| index <= seen) as u32;
        }
        // A noted step needs no object: the note describes it.
        let object = match &note {
            Some(_) => None,
            None => recorded.get(position).and_then(|step| step.object.clone()),
        };
        let (place, what, effect) = match note {
            Some(note) => (note.place, note.what, note.effect),
            None => (Place::Other, recorded.get(position).map_or("a step".to_owned(), described), None),
        };
        let called = || format!("{}:{}", event.source.file(), event.source.line());
        let location = sources.get(&(position + 1)).cloned().unwrap_or_else(called);
        let number = steps.len() as u32 + 1;
        steps.push(Step { number, lane, place, what, object, effect, location, time, operation, clock });
    }
    steps
}

/// Describes a step of an object without a note, in the engine's terms.
fn described(step: &TraceStep) -> String {
    match (step.object.as_deref(), step.operation) {
        (Some("waker"), "add") => return "wakes a task".to_owned(),
        (Some("waker"), "be woken") => return "is woken".to_owned(),
        _ => {}
    }
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

/// The operation that contains an event.
fn operation_of(history: &History, task: u32, index: u32) -> Option<OperationId> {
    history.operations().iter().enumerate().find_map(|(id, operation)| {
        let last = history.response(id).map_or(u32::MAX, |clock| clock[task as usize]);
        (operation.first.task == task && operation.first.index <= index && index <= last).then_some(id)
    })
}

fn span(id: OperationId, history: &History, steps: &[Step], lanes: &Lanes) -> Span {
    let operation = &history.operations()[id];
    let own = || steps.iter().filter(|step| step.operation == Some(id)).map(|step| step.number);
    let key = operation.key;
    Span {
        // A task without a step has no lane of its own.
        lane: lanes.of.get(operation.first.task as usize).copied().unwrap_or(operation.thread),
        key,
        call: match operation.call {
            Call::Get => format!("get {key}"),
            Call::Load(value) => format!("load {key} or {value}"),
            Call::Set(value) => format!("set {key} = {value}"),
            Call::Update(value) => format!("update {key} = {value}"),
            Call::CompareAndSet(value) => format!("compare-and-set {key} = {value}"),
            Call::Delete => format!("delete {key}"),
            Call::Refresh => format!("refresh {key}"),
            Call::Evict => format!("evict {key}"),
            Call::Forget => format!("forget {key}"),
            Call::Notice => format!("notified of {key}"),
            Call::Reconnect => format!("reconnect {key}"),
            Call::Heartbeat => format!("heartbeat {key}"),
            Call::LeaseEnds => format!("lease-ends {key}"),
            Call::OpenEnds => format!("open-ends {key}"),
            Call::Stop => format!("stop {key}"),
            Call::RegistryLost => format!("registry-lost {key}"),
        },
        reply: match operation.reply {
            _ if operation.call == Call::Notice => Some("done".to_owned()),
            Reply::Unknown => None,
            Reply::Done => Some("done".to_owned()),
            Reply::Refused => Some("refused".to_owned()),
            Reply::Read(None) => Some("absent".to_owned()),
            Reply::Read(Some(value)) if value.key == key => Some(value.to_string()),
            Reply::Read(Some(value)) => Some(format!("{}'s {value}", value.key)),
        },
        first: own().next().unwrap_or(steps.len() as u32 + 1),
        last: own().next_back().unwrap_or(0),
    }
}
