//! The moments that matter for the gravest finding that a run shows, and why: what every projection marks.

use super::model::{Place, Step, Trace};
use super::story::{Story, left, shown};
use crate::history::{OperationId, Value};
use crate::oracle::Rule;

/// A moment of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// An operation is called, right before its first step.
    Invocation(OperationId),
    /// A step: its place in [`Trace::steps`].
    Step(usize),
    /// An operation answers, right after its last step.
    Response(OperationId),
}

/// What a moment is in the story of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The read that breaks the rule is called.
    Read,
    /// Its answer is found.
    Found,
    /// What is found there later is read, by whoever puts it there.
    Source,
    /// What is found there later is put there.
    Put,
    /// The version that the read should have returned is written: it overtakes the old one.
    Written,
    /// Whoever writes it removes or replaces the old one, too soon or too late.
    Cleared,
    /// What had to be over before the read begins is over: the write is acknowledged, or the earlier read has returned.
    Over,
}

/// A moment that matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The moment.
    pub moment: Moment,
    /// What it is in the story.
    pub role: Role,
    /// Why it matters, in a few words: `stale read`, `v1 written`.
    pub note: String,
}

/// The moments that matter for the gravest finding, first the read that breaks the rule. Empty if the run shows none.
pub fn marks(trace: &Trace) -> Vec<Mark> {
    let Some(&finding) = shown(trace).first() else { return Vec::new() };
    let story = Story::of(trace, finding);
    let mut marks = Vec::new();
    let mut mark = |role, moment, note| marks.push(Mark { moment, role, note });
    let at = |step: &Step| {
        let place = trace.steps.iter().position(|other| other.number == step.number);
        Moment::Step(place.expect("a story is of its trace"))
    };
    let content = |content: Option<Value>| content.map_or("absent".to_owned(), |value| value.to_string());
    let returned = content(finding.returned);
    mark(Role::Read, Moment::Invocation(finding.read), format!("{} read", finding.rule));
    if let Some(origin) = story.origin {
        mark(Role::Found, at(origin.found), format!("{returned} found"));
        if let Some(source) = origin.source {
            mark(Role::Source, at(source), format!("{returned} read"));
        }
        if let Some(put) = origin.put {
            // "Absent" is an entry of L1; elsewhere, there is none.
            let removed = left(put) == Some(None) && put.place != Place::L1;
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
    match (finding.rule, finding.before, finding.newer) {
        (Rule::Stale, Some(write), Some(newer)) => {
            let newer = newer.map_or("deletion".to_owned(), |value| value.to_string());
            mark(Role::Over, Moment::Response(write), format!("{newer} acknowledged"));
        }
        (Rule::Inverted, Some(earlier), Some(seen)) => {
            mark(Role::Over, Moment::Response(earlier), format!("{} returned", content(seen)));
        }
        _ => {}
    }
    marks
}
