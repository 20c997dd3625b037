//! Converts a trace to its document.

use serde::Serialize;
use serde_json::ser::Serializer;

use super::lines::Lines;
use super::shape::{self, Document};
use super::{FORMAT, VERSION};
use crate::history;
use crate::trace::marks::{Moment, Role, marks};
use crate::trace::model::{Effect, Ending, Place, Trace};
use crate::trace::order::immediately_before;
use crate::trace::reason::{reason, verdict};
use crate::trace::state::{Content, states};

/// Writes the trace as a JSON document of [this version](super::VERSION), one line for each step,
/// with a final line break.
///
/// Equal traces give equal texts.
pub fn json(trace: &Trace) -> String {
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, Lines::default());
    document(trace).serialize(&mut serializer).expect("strings, numbers and lists are always JSON");
    text.push(b'\n');
    String::from_utf8(text).expect("JSON is UTF-8")
}

fn document(trace: &Trace) -> Document {
    Document {
        format: FORMAT.to_owned(),
        version: VERSION,
        scenario: trace.scenario.clone(),
        case: trace.case.clone(),
        cache: trace.cache.clone(),
        engine: trace.engine.clone(),
        schedule: trace.schedule.clone(),
        simplest: (!trace.is_simplest).then_some(false),
        verdict: verdict(trace).to_owned(),
        reason: reason(trace),
        tasks: trace.lanes.clone(),
        tiers: tiers(trace),
        faults: trace.faults.clone(),
        blocked: trace.blocked.clone(),
        code: trace.code.clone(),
        operations: operations(trace),
        steps: steps(trace),
        violations: violations(trace),
        marks: moments(trace),
        ending: match &trace.ending {
            Ending::Complete => shape::Ending::Complete,
            Ending::Deadlock(waiting) => shape::Ending::Deadlock { waiting: waiting.clone() },
            Ending::Panic(message) => shape::Ending::Panic { message: message.clone() },
        },
    }
}

fn value(value: history::Value) -> shape::Value {
    shape::Value { key: value.key.to_string(), version: value.version }
}

fn place(place: &Place) -> shape::PlaceTag {
    match place {
        Place::L1 => shape::PlaceTag::L1,
        Place::L1Of(1) => shape::PlaceTag::L1OfB,
        Place::L1Of(_) => shape::PlaceTag::L1OfC,
        Place::Remote => shape::PlaceTag::Remote,
        Place::Database => shape::PlaceTag::Database,
        Place::Fence => shape::PlaceTag::Fence,
        Place::Lock => shape::PlaceTag::Lock,
        Place::Clock => shape::PlaceTag::Clock,
        Place::Other => shape::PlaceTag::Other,
    }
}

fn tiers(trace: &Trace) -> Vec<shape::Tier> {
    let tier = |tier: &crate::trace::Tier| shape::Tier {
        name: tier.name.clone(),
        place: place(&tier.place),
        start: tier
            .start
            .iter()
            .map(|its| shape::StartEntry {
                entry: its.entry.to_string(),
                value: value(its.value),
                expires_ms: its.expires,
            })
            .collect(),
    };
    trace.tiers.iter().map(tier).collect()
}

fn operations(trace: &Trace) -> Vec<shape::Operation> {
    let operation = |span: &crate::trace::Span| shape::Operation {
        task: span.lane,
        key: span.key.to_string(),
        call: span.call.clone(),
        reply: span.reply.clone(),
        first: span.first,
        last: span.last,
    };
    trace.operations.iter().map(operation).collect()
}

fn steps(trace: &Trace) -> Vec<shape::StepRecord> {
    let (states, before) = (states(trace), immediately_before(trace));
    let step = |(at, step): (usize, &crate::trace::Step)| shape::StepRecord {
        step: step.number,
        task: step.lane,
        operation: step.operation,
        place: place(&step.place),
        event: step.what.clone(),
        object: step.object.clone(),
        effect: step.effect.map(effect),
        location: step.location.clone(),
        time_ms: step.time,
        clock: step.clock.clone(),
        after: before[at].iter().map(|&before| trace.steps[before].number).collect(),
        tiers: states[at + 1].iter().map(entries).collect(),
    };
    trace.steps.iter().enumerate().map(step).collect()
}

/// The entries of a tier.
pub(super) fn entries(content: &Content) -> Vec<shape::Entry> {
    content
        .iter()
        .map(|(entry, &held)| shape::Entry { entry: entry.to_string(), value: value(held) })
        .collect()
}

fn effect(effect: Effect) -> shape::Effect {
    match effect {
        Effect::Found { entry, content } => {
            shape::Effect::Found { entry: entry.to_string(), content: content.map(value) }
        }
        Effect::Left { entry, content } => {
            shape::Effect::Left { entry: entry.to_string(), content: content.map(value) }
        }
        Effect::Locked { entry } => shape::Effect::Locked { entry: entry.to_string() },
    }
}

fn violations(trace: &Trace) -> Vec<shape::Violation> {
    let violation = |finding: &crate::oracle::Finding| shape::Violation {
        rule: finding.rule.name().to_owned(),
        read: finding.read,
        key: finding.key.to_string(),
        returned: finding.returned.map(value),
        newer: finding.newer.map(|content| shape::Newer { content: content.map(value) }),
        before: finding.before,
    };
    trace.findings.iter().map(violation).collect()
}

fn moments(trace: &Trace) -> Vec<shape::Mark> {
    let mark = |mark: crate::trace::Mark| {
        let (at, step, operation) = match mark.moment {
            Moment::Invocation(by) => (shape::Moment::Invocation, trace.operations[by].first, Some(by)),
            Moment::Step(at) => (shape::Moment::Step, trace.steps[at].number, trace.steps[at].operation),
            Moment::Response(by) => (shape::Moment::Response, trace.operations[by].last, Some(by)),
        };
        shape::Mark { role: role(mark.role), at, step, operation, note: mark.note }
    };
    marks(trace).into_iter().map(mark).collect()
}

fn role(role: Role) -> shape::Role {
    match role {
        Role::Read => shape::Role::Read,
        Role::Found => shape::Role::Found,
        Role::Source => shape::Role::Source,
        Role::Put => shape::Role::Put,
        Role::Written => shape::Role::Written,
        Role::Cleared => shape::Role::Cleared,
        Role::Over => shape::Role::Over,
        Role::Lost => shape::Role::Lost,
    }
}
