//! The story of a violation: the run's relevant steps and their roles, as far as the steps show
//! them.

use super::model::{Effect, Place, Span, Step, Trace};
use crate::history::{OperationId, Value};
use crate::oracle::{Finding, Rule};

/// The origin of an operation's result.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    /// The operation's own step that found the result.
    pub(super) found: &'a Step,
    /// The step that stored it, if it is known.
    pub(super) put: Option<&'a Step>,
    /// Whether it was stored from the start.
    pub(super) from_start: bool,
    /// The step with which the storing operation had read it before.
    pub(super) source: Option<&'a Step>,
}

/// The steps behind a finding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Story<'a> {
    /// The finding.
    pub(super) finding: &'a Finding,
    /// The origin of the read's result.
    pub(super) origin: Option<Origin<'a>>,
    /// The step that wrote the newer version at the source of truth.
    pub(super) written: Option<&'a Step>,
    /// The last step of the newer version's operation that accessed the entry that the read found.
    pub(super) touched: Option<&'a Step>,
    /// The step in which an update overwrote the newer version at the source of truth.
    pub(super) overwrites: Option<&'a Step>,
}

/// Whether this run itself shows the finding: whether the operation that must precede the read
/// does. (A finding is a property of the class; only another schedule of the class may show it.)
pub(super) fn is_shown(trace: &Trace, finding: &Finding) -> bool {
    let read = &trace.operations[finding.read];
    // The versions of a class have one order.
    if finding.rule == Rule::LostUpdate {
        return true;
    }
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
        // An update overwrites the version at the source of truth, whatever the cache has.
        let is_lost = finding.rule == Rule::LostUpdate;
        let touched = written
            .filter(|_| !is_lost)
            .and_then(|written| touched(trace, written.operation?, origin?.found));
        let overwrites = if is_lost { overwrites(trace, finding) } else { None };
        Story { finding, origin, written, touched, overwrites }
    }
}

/// Whether the step wrote or removed the entry that `found` found.
fn changes(step: &Step, found: &Step) -> bool {
    let entry = |step: &Step| step.effect.map(Effect::entry);
    step.place == found.place && left(step).is_some() && entry(step) == entry(found)
}

/// The content that the step left in its entry, if it changed it.
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

/// The operation's last step before `end` that found the content.
fn last_found(trace: &Trace, operation: OperationId, content: Option<Value>, end: u32) -> Option<&Step> {
    trace.steps.iter().rfind(|step| {
        step.number < end
            && step.operation == Some(operation)
            && matches!(step.effect, Some(Effect::Found { content: found, .. }) if found == content)
    })
}

/// The step that wrote the newer version at the source of truth: by the write that the finding
/// names, or by the write that the named earlier read saw.
fn written<'a>(trace: &'a Trace, finding: &Finding, newer: Option<Value>) -> Option<&'a Step> {
    let is_it = |step: &&Step| {
        left(step) == Some(newer)
            && (newer.is_some() || step.effect.map(Effect::entry) == Some(finding.key))
            && match finding.rule {
                Rule::Inverted | Rule::Backwards | Rule::OlderThanDelivered => {
                    finding.before.is_some_and(|read| step.number < trace.operations[read].last)
                }
                _ => step.operation.is_some() && step.operation == finding.before,
            }
    };
    // With a database, Redis contains only copies. So do other keys.
    let its_own = |step: &&Step| step.effect.map(Effect::entry) == Some(finding.key);
    let at = |place: &'static Place| trace.steps.iter().filter(move |step| step.place == *place);
    let of = |place| at(place).filter(its_own).rfind(is_it).or_else(|| at(place).rfind(is_it));
    of(&Place::Database).or_else(|| of(&Place::Remote))
}

/// The step in which the update wrote its value at the source of truth.
fn overwrites<'a>(trace: &'a Trace, finding: &Finding) -> Option<&'a Step> {
    let call = &trace.operations[finding.read].call;
    let is_it = |step: &&Step| {
        step.effect.map(Effect::entry) == Some(finding.key)
            && left(step).flatten().is_some_and(|value| call.ends_with(&format!(" = {value}")))
    };
    let at = |place: Place| trace.steps.iter().filter(move |step| step.place == place).find(is_it);
    at(Place::Database).or_else(|| at(Place::Remote))
}

/// The path of a result to an operation through an engine object whose content no step shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carried<'a> {
    /// The step in which the storing task had found the result, if a step shows it.
    pub(super) found: Option<&'a Step>,
    /// The storing task's last step at the object before the operation's.
    pub(super) put: &'a Step,
    /// The operation's own last step at the object.
    pub(super) taken: &'a Step,
}

/// The object through which the result may have reached the operation: one that the operation
/// accessed after another operation, or a task of the cache, that had found the result or was
/// called with it. Of several, the last accessed: the operation returned that object's content.
pub(super) fn carried<'a>(trace: &'a Trace, finding: &Finding) -> Option<Carried<'a>> {
    let own = trace.steps.iter().rev().filter(|step| step.operation == Some(finding.read));
    own.filter(|step| step.object.is_some()).find_map(|taken| {
        let at = trace.steps.iter().rev().filter(|step| {
            step.number < taken.number && step.object == taken.object && step.operation != Some(finding.read)
        });
        at.filter_map(|put| {
            // A task of the cache is in no operation: all of its steps count as one.
            let is_same = |step: &&Step| step.lane == put.lane && step.operation == put.operation;
            let earlier = trace.steps.iter().rev().filter(|step| step.number < put.number).filter(is_same);
            let found = earlier.filter(|step| {
                matches!(step.effect, Some(Effect::Found { content, .. }) if content == finding.returned)
            });
            let found = found.min_by_key(|step| step.number);
            let is_called = put.operation.is_some_and(|by| {
                let span = &trace.operations[by];
                match finding.returned {
                    Some(value) => span.call.ends_with(&format!(" {} = {value}", finding.key)),
                    None => span.call == format!("delete {}", finding.key),
                }
            });
            (found.is_some() || is_called).then_some(Carried { found, put, taken })
        })
        .next()
    })
}

/// The operation's last step that changed the entry that `found` found.
fn touched<'a>(trace: &'a Trace, operation: OperationId, found: &Step) -> Option<&'a Step> {
    trace.steps.iter().rfind(|step| step.operation == Some(operation) && changes(step, found))
}

/// The place's name in prose.
pub(super) fn place(place: &Place) -> &'static str {
    match place {
        Place::L1 | Place::L1Of(_) => "L1",
        Place::Remote => "redis",
        Place::Database => "the database",
        Place::Fence => "the fence",
        Place::Lock => "a lock",
        Place::Clock => "the clock",
        Place::Other => "memory",
    }
}

/// The thread and the call, such as `reader-1's get user:1`, or `reader-1's second get user:1` if
/// it is called twice.
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

/// The thread alone, if that identifies the operation.
pub(super) fn short(trace: &Trace, operation: OperationId) -> String {
    let lane = trace.operations[operation].lane;
    match trace.operations.iter().filter(|other| other.lane == lane).count() {
        1 => trace.lanes[lane].clone(),
        _ => who(trace, operation),
    }
}
