//! The rows of the lanes: invocations, steps, responses, in the order of the run.

use std::ops::RangeInclusive;

use crate::history::OperationId;
use crate::oracle::Finding;
use crate::trace::marks::Moment;
use crate::trace::model::{Effect, Ending, Place, Span, Step, Trace};

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Row {
    /// An operation begins, before its first step.
    Begin(OperationId),
    /// One step, or several that are shown as one.
    Steps(RangeInclusive<usize>),
    /// An operation ends, after its last step.
    End(OperationId),
    /// At the end of the run: the operation has no response.
    Open(OperationId),
}

/// The operations at the end of a run whose replies suffice: each runs alone, after all operations
/// of the findings, on a task without other operations.
pub(super) fn uneventful(trace: &Trace) -> Vec<OperationId> {
    if trace.findings.is_empty() || trace.ending != Ending::Complete {
        return Vec::new();
    }
    let is_shown = |id: OperationId| {
        let about = |finding: &Finding| finding.read == id || finding.before == Some(id);
        trace.operations[id].reply.is_none() || trace.findings.iter().any(about)
    };
    let shown = || (0..trace.operations.len()).filter(|&id| is_shown(id));
    // An operation that begins before the last step of a shown one is shown too.
    let mut end = shown().map(|id| trace.operations[id].last).max().unwrap_or(0);
    while let Some(other) = trace.operations.iter().find(|span| span.first <= end && span.last > end) {
        end = other.last;
    }
    let is_later = |id: &OperationId| trace.operations[*id].first > end;
    let later: Vec<OperationId> = (0..trace.operations.len()).filter(is_later).collect();
    let is_new = |id: &OperationId| {
        let lane = trace.operations[*id].lane;
        trace.steps.iter().all(|step| step.lane != lane || step.number > end)
    };
    let is_alone = trace.steps.iter().all(|step| step.number <= end || step.operation.is_some());
    if is_alone && later.iter().all(is_new) { later } else { Vec::new() }
}

/// The rows of a trace, without the operations omitted at its end.
pub(super) fn rows(trace: &Trace, without: &[OperationId]) -> Vec<Row> {
    let mut rows = Vec::new();
    let spans = || trace.operations.iter().enumerate().filter(|(id, _)| !without.contains(id));
    let is_in = |step: &&Step| step.operation.is_none_or(|id| !without.contains(&id));
    let steps = trace.steps.iter().filter(is_in).count();
    let last = trace.steps[..steps].last().map_or(0, |step| step.number);
    let begin = |rows: &mut Vec<Row>, is_due: &dyn Fn(&Span) -> bool| {
        let mut due: Vec<(u32, OperationId)> =
            spans().filter(|(_, span)| is_due(span)).map(|(id, span)| (span.first, id)).collect();
        due.sort_unstable();
        rows.extend(due.into_iter().map(|(_, id)| Row::Begin(id)));
    };
    let mut next = 0;
    while next < steps {
        let steps = next..=fold(trace, next).unwrap_or(next);
        let number = |at: usize| trace.steps[at].number;
        let (first, end) = (number(*steps.start()), number(*steps.end()));
        next = steps.end() + 1;
        begin(&mut rows, &|span| span.first == first);
        if !is_left_out(trace, &trace.steps[*steps.start()]) {
            rows.push(Row::Steps(steps));
        }
        let ended = |span: &Span| span.reply.is_some() && span.last == end;
        rows.extend(spans().filter(|(_, span)| ended(span)).map(|(id, _)| Row::End(id)));
    }
    begin(&mut rows, &|span| span.first > last);
    rows.extend(spans().filter(|(_, span)| span.reply.is_none()).map(|(id, _)| Row::Open(id)));
    rows
}

/// Whether to omit the step: a lock, unless the run ends in a deadlock.
fn is_left_out(trace: &Trace, step: &Step) -> bool {
    step.place == Place::Lock && trace.ending == Ending::Complete
}

/// The index of the step that fills an entry or refuses to, if `at` is the lock of the entry and no
/// other operation has a step in between. The lock, the check and the fill are then shown as one.
fn fold(trace: &Trace, at: usize) -> Option<usize> {
    let lock = &trace.steps[at];
    let Some(Effect::Locked { .. }) = lock.effect else { return None };
    let rest = trace.steps.iter().enumerate().skip(at + 1);
    let own = rest.take_while(|(_, step)| step.lane == lock.lane && step.operation == lock.operation);
    let (end, _) = own.into_iter().find(|(_, step)| step.place == lock.place)?;
    Some(end)
}

impl Row {
    /// The row's lane.
    pub(super) fn lane(&self, trace: &Trace) -> usize {
        match self {
            Row::Begin(operation) | Row::End(operation) | Row::Open(operation) => {
                trace.operations[*operation].lane
            }
            Row::Steps(steps) => trace.steps[*steps.start()].lane,
        }
    }

    /// The numbers of the row's steps: `7`, `8-10`. A response has the number of its operation's
    /// last step if no row shows that step, because the reason may refer to it.
    pub(super) fn number(&self, trace: &Trace) -> String {
        let steps = match self {
            Row::Steps(steps) => steps,
            Row::End(operation) => {
                let last = trace.operations[*operation].last;
                let step = trace.steps.iter().find(|step| step.number == last);
                let step = step.filter(|step| is_left_out(trace, step));
                return step.map(|step| step.number.to_string()).unwrap_or_default();
            }
            Row::Begin(_) | Row::Open(_) => return String::new(),
        };
        let (first, last) = (trace.steps[*steps.start()].number, trace.steps[*steps.end()].number);
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    }

    /// The line character that connects the row to its operation. `open`: whether an operation is
    /// in progress before the row.
    pub(super) fn sign(&self, open: bool) -> &'static str {
        match self {
            Row::Begin(_) => "╭",
            Row::Steps(_) => bar(open),
            Row::End(_) => "╰",
            Row::Open(_) => "┆",
        }
    }

    /// The row's text.
    pub(super) fn what(&self, trace: &Trace) -> String {
        match self {
            Row::Begin(operation) => trace.operations[*operation].call.clone(),
            Row::Steps(steps) => {
                let what = |at: usize| without_its_key(trace, &trace.steps[at]);
                let between: Vec<String> = (steps.start() + 1..*steps.end()).map(what).collect();
                match between.as_slice() {
                    [] => what(*steps.end()),
                    checks => format!("{} ({})", what(*steps.end()), checks.join(", ")),
                }
            }
            Row::End(operation) => trace.operations[*operation].reply.clone().unwrap_or_default(),
            Row::Open(_) => "never answered".to_owned(),
        }
    }

    /// Whether an operation is in progress in the lane after the row.
    pub(super) fn leaves_open(&self, open: bool) -> bool {
        match self {
            Row::Begin(_) => true,
            Row::End(_) | Row::Open(_) => false,
            Row::Steps(_) => open,
        }
    }

    /// Whether the row contains the moment.
    pub(super) fn is_at(&self, moment: Moment) -> bool {
        match (self, moment) {
            (Row::Begin(its), Moment::Invocation(operation))
            | (Row::End(its), Moment::Response(operation)) => *its == operation,
            (Row::Steps(steps), Moment::Step(at)) => steps.contains(&at),
            _ => false,
        }
    }
}

/// The step's text without its operation's key, which the operation's own row shows. So the name of
/// another entry stands out.
fn without_its_key(trace: &Trace, step: &Step) -> String {
    let Some(operation) = step.operation else { return step.what.clone() };
    let key = trace.operations[operation].key;
    let mut words: Vec<&str> = step.what.split(' ').collect();
    if let Some(at) = words.iter().position(|&word| word == key.name()) {
        words.remove(at);
    }
    words.join(" ")
}

/// The line character for an operation in progress, or a space.
pub(super) fn bar(open: bool) -> &'static str {
    if open { "│" } else { " " }
}
