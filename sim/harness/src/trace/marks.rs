//! The moments of a run that explain its gravest finding. Every projection marks them.

use super::model::{Step, Trace};
use super::story::{Story, left, shown};
use crate::history::{OperationId, Value};
use crate::oracle::Rule;

/// A moment of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// An operation is invoked, before its first step.
    Invocation(OperationId),
    /// A step: its index in [`Trace::steps`].
    Step(usize),
    /// An operation responds, after its last step.
    Response(OperationId),
}

/// The role of a moment in the story of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The read that breaks the rule is invoked.
    Read,
    /// The read finds its result.
    Found,
    /// The task that later stores the found content reads it.
    Source,
    /// The found content is stored.
    Put,
    /// The version that the read should have returned is written, and overtakes the old version.
    Written,
    /// The writer of that version removes or replaces the old version, too early or too late.
    Cleared,
    /// The operation that must precede the read ends: the write is acknowledged, or the earlier
    /// read returns.
    Over,
    /// The update overwrites the version that it has not read.
    Lost,
}

/// A marked moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The moment.
    pub moment: Moment,
    /// Its role in the story.
    pub role: Role,
    /// A short explanation: `stale read`, `v1 written`.
    pub note: String,
}

/// The moments of the gravest finding, starting with the read that breaks the rule. Empty if the
/// run shows no finding.
pub fn marks(trace: &Trace) -> Vec<Mark> {
    let Some(&finding) = shown(trace).first() else { return Vec::new() };
    let story = Story::of(trace, finding);
    let mut marks = Vec::new();
    let mut mark = |role, moment, note| marks.push(Mark { moment, role, note });
    let at = |step: &Step| {
        let place = trace.steps.iter().position(|other| other.number == step.number);
        Moment::Step(place.expect("the story has steps of this trace"))
    };
    let content = |content: Option<Value>| content.map_or("absent".to_owned(), |value| value.to_string());
    let returned = content(finding.returned);
    let is_update = trace.operations[finding.read].reply.as_deref() == Some("done");
    let read = match finding.rule {
        Rule::LostUpdate => format!("from {returned}"),
        rule if is_update => format!("{rule} update"),
        rule => format!("{rule} read"),
    };
    mark(Role::Read, Moment::Invocation(finding.read), read);
    if let Some(origin) = story.origin {
        mark(Role::Found, at(origin.found), format!("{returned} found"));
        if let Some(source) = origin.source {
            mark(Role::Source, at(source), format!("{returned} read"));
        }
        if let Some(put) = origin.put {
            // In L1, an absence is an entry; in other tiers, it is not.
            let removed = left(put) == Some(None) && !put.place.is_local();
            mark(Role::Put, at(put), if removed { "removed".to_owned() } else { format!("{returned} put") });
        }
    }
    if let (Some(written), Some(newer)) = (story.written, finding.newer) {
        mark(
            Role::Written,
            at(written),
            newer.map_or("deleted".to_owned(), |value| format!("{value} written")),
        );
    }
    if let (Some(touched), Some(origin)) = (story.touched, story.origin) {
        let done = if left(touched) == Some(None) { "cleared" } else { "replaced" };
        let soon = origin.put.is_some_and(|put| touched.number < put.number);
        let when = match touched.number > origin.found.number {
            true => " too late",
            false if soon => " too soon",
            false => "",
        };
        mark(Role::Cleared, at(touched), format!("{done}{when}"));
    }
    if let (Some(step), Some(newer)) = (story.overwrites, finding.newer) {
        let lost = newer.map_or("deletion".to_owned(), |value| value.to_string());
        mark(Role::Lost, at(step), format!("{lost} lost"));
    }
    match (finding.rule, finding.before, finding.newer) {
        (Rule::Stale | Rule::BeyondBound, Some(write), Some(newer)) => {
            let newer = newer.map_or("deletion".to_owned(), |value| value.to_string());
            mark(Role::Over, Moment::Response(write), format!("{newer} acknowledged"));
        }
        (Rule::OlderThanDelivered, Some(notice), Some(seen)) => {
            mark(Role::Over, Moment::Response(notice), format!("{} notified", content(seen)));
        }
        (Rule::Inverted | Rule::Backwards, Some(earlier), Some(seen)) => {
            mark(Role::Over, Moment::Response(earlier), format!("{} returned", content(seen)));
        }
        _ => {}
    }
    marks
}
