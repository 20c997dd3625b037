//! How a violation came about, as far as the steps tell: which of a run's steps matter, and for what.

use super::model::{Effect, Place, Span, Step, Trace};
use crate::history::{OperationId, Value};
use crate::oracle::{Finding, Rule};

/// Where an operation's answer came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    /// The operation's own step that found it.
    pub(super) found: &'a Step,
    /// The step that had put it there, if one is known to have.
    pub(super) put: Option<&'a Step>,
    /// Whether it was there at the start.
    pub(super) from_start: bool,
    /// Where the operation that put it there had read it before.
    pub(super) source: Option<&'a Step>,
}

/// The steps behind a finding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Story<'a> {
    /// The finding.
    pub(super) finding: &'a Finding,
    /// Where the read's answer came from.
    pub(super) origin: Option<Origin<'a>>,
    /// The step that wrote the newer version at the source of truth.
    pub(super) written: Option<&'a Step>,
    /// The last step with which the newer version's operation touched the entry that the read found.
    pub(super) touched: Option<&'a Step>,
}

/// Whether this very run shows the finding: what has to come before the read does. (A finding is about the
/// class; some other schedule of it may be needed.)
pub(super) fn is_shown(trace: &Trace, finding: &Finding) -> bool {
    let read = &trace.operations[finding.read];
    finding.before.is_none_or(|before| {
        let before = &trace.operations[before];
        before.last < read.first
    })
}

/// The findings that this run shows, the gravest first.
pub(super) fn shown(trace: &Trace) -> Vec<&Finding> {
    let mut shown: Vec<&Finding> = trace.findings.iter().filter(|finding| is_shown(trace, finding)).collect();
    shown.sort_by_key(|finding| (finding.rule, finding.read));
    shown
}

impl<'a> Story<'a> {
    /// The story of a finding.
    pub(super) fn of(trace: &'a Trace, finding: &'a Finding) -> Self {
        let origin = origin(trace, finding.read, finding.returned);
        let written = finding.newer.and_then(|newer| written(trace, finding, newer));
        let touched = written.and_then(|written| touched(trace, written.operation?, origin?.found));
        Story { finding, origin, written, touched }
    }
}

/// Whether the step wrote or removed the entry that `found` found.
fn changes(step: &Step, found: &Step) -> bool {
    let entry = |step: &Step| step.effect.map(Effect::entry);
    step.place == found.place && left(step).is_some() && entry(step) == entry(found)
}

/// What the step left its entry holding, if it did.
pub(super) fn left(step: &Step) -> Option<Option<Value>> {
    match step.effect? {
        Effect::Left { content, .. } => Some(content),
        Effect::Found { .. } | Effect::Locked { .. } => None,
    }
}

fn origin(trace: &Trace, operation: OperationId, content: Option<Value>) -> Option<Origin<'_>> {
    let found = last_found(trace, operation, content, u32::MAX)?;
    let last = trace.steps.iter().rfind(|step| step.number < found.number && changes(step, found));
    let put = last.filter(|step| left(step) == Some(content));
    let source = put.and_then(|put| last_found(trace, put.operation?, content, put.number));
    Some(Origin { found, put, from_start: last.is_none(), source })
}

/// The operation's last step, before step `end`, that found the content.
fn last_found(trace: &Trace, operation: OperationId, content: Option<Value>, end: u32) -> Option<&Step> {
    trace.steps.iter().rfind(|step| {
        step.number < end
            && step.operation == Some(operation)
            && matches!(step.effect, Some(Effect::Found { content: found, .. }) if found == content)
    })
}

/// The step that gave the source of truth its newer version: of the write that the finding names, or, where
/// it names an earlier read, of the write that this read saw.
fn written<'a>(trace: &'a Trace, finding: &Finding, newer: Option<Value>) -> Option<&'a Step> {
    let is_it = |step: &&Step| {
        left(step) == Some(newer)
            && (newer.is_some() || step.effect.map(Effect::entry) == Some(finding.key))
            && match finding.rule {
                Rule::Inverted => {
                    finding.before.is_some_and(|read| step.number < trace.operations[read].last)
                }
                _ => step.operation.is_some() && step.operation == finding.before,
            }
    };
    // Where there is a database, redis only has copies; and so have other keys.
    let its_own = |step: &&Step| step.effect.map(Effect::entry) == Some(finding.key);
    let at = |place: &'static Place| trace.steps.iter().filter(move |step| step.place == *place);
    let of = |place| at(place).filter(its_own).rfind(is_it).or_else(|| at(place).rfind(is_it));
    of(&Place::Database).or_else(|| of(&Place::Remote))
}

/// How an answer came to an operation through an object of the engine's, whose content no step tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carried<'a> {
    /// The step with which whoever had the answer in hand had found it, if a step tells.
    pub(super) found: Option<&'a Step>,
    /// Its last step at the object before the operation's.
    pub(super) put: &'a Step,
    /// The operation's own last step at the object.
    pub(super) taken: &'a Step,
}

/// The object through which the answer can have come: one that the operation has touched, and before it an operation, or a task
/// of the cache's, that had found the answer by then or was called with it. Of several the one touched last: the operation
/// answered with what it held.
pub(super) fn carried<'a>(trace: &'a Trace, finding: &Finding) -> Option<Carried<'a>> {
    let own = trace.steps.iter().rev().filter(|step| step.operation == Some(finding.read));
    own.filter(|step| step.object.is_some()).find_map(|taken| {
        let at = trace.steps.iter().rev().filter(|step| {
            step.number < taken.number && step.object == taken.object && step.operation != Some(finding.read)
        });
        at.filter_map(|put| {
            // A task of the cache's is in no operation: all of its steps are one.
            let is_same = |step: &&Step| step.lane == put.lane && step.operation == put.operation;
            let earlier = trace.steps.iter().rev().filter(|step| step.number < put.number).filter(is_same);
            let found = earlier.filter(|step| {
                matches!(step.effect, Some(Effect::Found { content, .. }) if content == finding.returned)
            });
            let found = found.last();
            let is_called = put.operation.is_some_and(|by| {
                let span = &trace.operations[by];
                match finding.returned {
                    Some(value) => span.call == format!("set {} = {value}", finding.key),
                    None => span.call == format!("delete {}", finding.key),
                }
            });
            (found.is_some() || is_called).then_some(Carried { found, put, taken })
        })
        .next()
    })
}

/// The operation's last step that wrote or removed what `found` found.
fn touched<'a>(trace: &'a Trace, operation: OperationId, found: &Step) -> Option<&'a Step> {
    trace.steps.iter().rfind(|step| step.operation == Some(operation) && changes(step, found))
}

/// The place's name in prose.
pub(super) fn place(place: &Place) -> &'static str {
    match place {
        Place::L1 => "L1",
        Place::Remote => "redis",
        Place::Database => "the database",
        Place::Fence => "the fence",
        Place::Lock => "a lock",
        Place::Clock => "the clock",
        Place::Other => "memory",
    }
}

/// The thread and the call, such as `reader-1's get user:1`; or `reader-1's second get user:1` if it makes it
/// twice.
pub(super) fn who(trace: &Trace, operation: OperationId) -> String {
    let span = &trace.operations[operation];
    let alike = |other: &&Span| other.lane == span.lane && other.call == span.call;
    let lane = &trace.lanes[span.lane];
    let call = &span.call;
    if trace.operations.iter().filter(alike).count() == 1 {
        return format!("{lane}'s {call}");
    }
    match trace.operations[..=operation].iter().filter(alike).count() {
        1 => format!("{lane}'s first {call}"),
        2 => format!("{lane}'s second {call}"),
        3 => format!("{lane}'s third {call}"),
        more => format!("{lane}'s {more}th {call}"),
    }
}

/// The thread alone, if that says which operation is meant.
pub(super) fn short(trace: &Trace, operation: OperationId) -> String {
    let lane = trace.operations[operation].lane;
    match trace.operations.iter().filter(|other| other.lane == lane).count() {
        1 => trace.lanes[lane].clone(),
        _ => who(trace, operation),
    }
}
