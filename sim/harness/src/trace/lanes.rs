//! The run as lanes: a column a thread, a row a step, and a bar while an operation is under way.

use super::model::{Span, Step, Trace};
use super::story::{Story, left, place, shown};
use super::text::{WIDTH, shorten, width, wrap};
use crate::history::{OperationId, Value};
use crate::oracle::Rule;

/// The sign, the step's number and what is between them and the lanes.
const GUTTER: usize = 7;
/// Between two lanes.
const GAP: usize = 2;
/// A lane that is narrower than this cannot be read: then the run is a list.
const NARROWEST: usize = 16;

/// A row of the table, in the run's order.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Row {
    Begin(OperationId),
    Step(usize),
    End(OperationId),
    /// At the very end: the operation never answered.
    Open(OperationId),
}

/// The run in lanes, at most 100 columns wide. Where there are too many lanes for that, a list with the
/// lane's name in each row. The steps that the reason speaks of are marked `>`, and say why on the right if
/// there is room.
pub fn lanes(trace: &Trace) -> String {
    let rows = rows(trace);
    let used: Vec<usize> =
        (0..trace.lanes.len()).filter(|&lane| rows.iter().any(|&row| lane_of(trace, row) == lane)).collect();
    let (head, body) = match widths(trace, &rows, &used) {
        Some(widths) => table(trace, &rows, &used, &widths),
        None => list(trace, &rows),
    };
    let notes = notes(trace);
    let note = |row: &Row| notes.iter().find(|(marked, _)| marked == row).map(|(_, note)| note.as_str());
    let right = body.iter().flat_map(|(_, lines)| lines).map(|line| width(line)).max().unwrap_or(0);
    let room = notes.iter().all(|(_, note)| GUTTER + right + 3 + width(note) <= WIDTH);

    let mut out = header(trace);
    out.push_str(&format!("{:>5}  {head}\n", "step"));
    for (row, lines) in &body {
        for (at, line) in lines.iter().enumerate() {
            let note = note(row).filter(|_| at == 0);
            let sign = if note.is_some() { '>' } else { ' ' };
            let number = match row {
                Row::Step(step) if at == 0 => trace.steps[*step].number.to_string(),
                _ => String::new(),
            };
            let note = note.filter(|_| room).map(|note| format!(" ◄ {note}")).unwrap_or_default();
            let line = format!("{sign}{number:>4}  {line:right$}{note}");
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}

/// What was run, and how the tiers start.
fn header(trace: &Trace) -> String {
    let mut out = String::new();
    let mut field = |name: &str, value: &str| {
        for (at, line) in wrap(value, WIDTH - 10).iter().enumerate() {
            out.push_str(&format!("{:10}{line}\n", if at == 0 { name } else { "" }));
        }
    };
    field("scenario", &trace.scenario);
    field("case", &trace.case);
    field("cache", &trace.cache);
    for (at, tier) in trace.start.iter().enumerate() {
        field(if at == 0 { "start" } else { "" }, tier);
    }
    out.push('\n');
    out
}

/// The rows: an operation begins right before its first step and ends right after its last.
fn rows(trace: &Trace) -> Vec<Row> {
    let mut rows = Vec::new();
    let spans = || trace.operations.iter().enumerate();
    let last = trace.steps.last().map_or(0, |step| step.number);
    let begin = |rows: &mut Vec<Row>, is_due: &dyn Fn(&Span) -> bool| {
        let mut due: Vec<(u32, OperationId)> =
            spans().filter(|(_, span)| is_due(span)).map(|(id, span)| (span.first, id)).collect();
        due.sort_unstable();
        rows.extend(due.into_iter().map(|(_, id)| Row::Begin(id)));
    };
    for (at, step) in trace.steps.iter().enumerate() {
        begin(&mut rows, &|span| span.first == step.number);
        rows.push(Row::Step(at));
        let ended = |span: &Span| span.reply.is_some() && span.last == step.number;
        rows.extend(spans().filter(|(_, span)| ended(span)).map(|(id, _)| Row::End(id)));
    }
    begin(&mut rows, &|span| span.first > last);
    rows.extend(spans().filter(|(_, span)| span.reply.is_none()).map(|(id, _)| Row::Open(id)));
    rows
}

fn lane_of(trace: &Trace, row: Row) -> usize {
    match row {
        Row::Begin(operation) | Row::End(operation) | Row::Open(operation) => {
            trace.operations[operation].lane
        }
        Row::Step(step) => trace.steps[step].lane,
    }
}

/// What a row says in its lane, before and after the sign that ties it to its operation.
fn cell(trace: &Trace, row: Row, open: bool) -> (&'static str, &str) {
    match row {
        Row::Begin(operation) => ("╭", &trace.operations[operation].call),
        Row::Step(step) => (if open { "│" } else { " " }, &trace.steps[step].what),
        Row::End(operation) => ("╰", trace.operations[operation].reply.as_deref().unwrap_or_default()),
        Row::Open(_) => ("┆", "never answered"),
    }
}

/// The lanes' widths: as wide as they need to be, or else an even share of what the narrower ones leave.
/// `None` if that is too little.
fn widths(trace: &Trace, rows: &[Row], used: &[usize]) -> Option<Vec<usize>> {
    let needs: Vec<usize> = used
        .iter()
        .map(|&lane| {
            let texts = rows.iter().filter(|&&row| lane_of(trace, row) == lane);
            texts
                .map(|&row| 2 + width(cell(trace, row, true).1))
                .chain([width(&trace.lanes[lane])])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut room = WIDTH.checked_sub(GUTTER + GAP * used.len().saturating_sub(1))?;
    let mut order: Vec<usize> = (0..needs.len()).collect();
    order.sort_by_key(|&lane| needs[lane]);
    let mut widths = vec![0; needs.len()];
    for (done, &lane) in order.iter().enumerate() {
        let share = room / (needs.len() - done);
        if needs[lane] > share && share < NARROWEST {
            return None;
        }
        widths[lane] = needs[lane].min(share);
        room -= widths[lane];
    }
    Some(widths)
}

type Body = Vec<(Row, Vec<String>)>;

/// A column a lane.
fn table(trace: &Trace, rows: &[Row], used: &[usize], widths: &[usize]) -> (String, Body) {
    let gap = " ".repeat(GAP);
    let line = |cells: Vec<String>| {
        let cells: Vec<String> =
            cells.iter().zip(widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
        cells.join(&gap).trim_end().to_owned()
    };
    let head =
        line(used.iter().zip(widths).map(|(&lane, &width)| shorten(&trace.lanes[lane], width)).collect());
    let mut open = vec![false; trace.lanes.len()];
    let mut body = Vec::new();
    for &row in rows {
        let here = lane_of(trace, row);
        let (sign, text) = cell(trace, row, open[here]);
        open[here] = after(row, open[here]);
        let column = used.iter().position(|&lane| lane == here).expect("a row's lane is used");
        let parts = wrapped(text, widths[column] - 2);
        let lines = parts.iter().enumerate().map(|(at, part)| {
            let cells = used.iter().map(|&lane| match (lane == here, at) {
                (true, 0) => format!("{sign} {part}"),
                (true, _) => format!("{} {part}", bar(open[here])),
                (false, _) => bar(open[lane]).to_owned(),
            });
            line(cells.collect())
        });
        body.push((row, lines.collect()));
    }
    (head, body)
}

/// A row a step with its lane's name.
fn list(trace: &Trace, rows: &[Row]) -> (String, Body) {
    let name_width = trace.lanes.iter().map(|name| width(name)).max().unwrap_or(0).min(NARROWEST);
    let mut open = vec![false; trace.lanes.len()];
    let mut body = Vec::new();
    for &row in rows {
        let here = lane_of(trace, row);
        let (sign, text) = cell(trace, row, open[here]);
        open[here] = after(row, open[here]);
        let name = shorten(&trace.lanes[here], name_width);
        let parts = wrapped(text, WIDTH - GUTTER - name_width - GAP - 2);
        let lines = parts.iter().enumerate().map(|(at, part)| match at {
            0 => format!("{name:name_width$}  {sign} {part}"),
            _ => format!("{:name_width$}  {} {part}", "", bar(open[here])),
        });
        body.push((row, lines.collect()));
    }
    ("thread".to_owned(), body)
}

/// Whether an operation is under way in the row's lane after the row.
fn after(row: Row, open: bool) -> bool {
    match row {
        Row::Begin(_) => true,
        Row::End(_) | Row::Open(_) => false,
        Row::Step(_) => open,
    }
}

fn bar(open: bool) -> &'static str {
    if open { "│" } else { " " }
}

/// The text in lines, of which all but the first are indented. What a step found or left is not parted from
/// its sign.
fn wrapped(text: &str, max: usize) -> Vec<String> {
    if width(text) <= max {
        return vec![text.to_owned()];
    }
    let tied = text.replace("→ ", "→\u{a0}").replace("= ", "=\u{a0}");
    let lines = wrap(&tied, max - 2).into_iter().map(|line| line.replace('\u{a0}', " "));
    lines.enumerate().map(|(at, line)| if at == 0 { line } else { format!("  {line}") }).collect()
}

/// The rows that matter for the gravest finding, and why.
fn notes(trace: &Trace) -> Vec<(Row, String)> {
    let Some(&finding) = shown(trace).first() else { return Vec::new() };
    let story = Story::of(trace, finding);
    let row = |step: &Step| {
        Row::Step(
            trace
                .steps
                .iter()
                .position(|other| other.number == step.number)
                .expect("a story is of its trace"),
        )
    };
    let content = |content: Option<Value>| content.map_or("absent".to_owned(), |value| value.to_string());
    let change = |step: &Step, put: String| match left(step) {
        Some(None) => format!("removed from {}", place(&step.place)),
        _ => format!("{put} into {}", place(&step.place)),
    };
    let returned = content(finding.returned);
    let mut notes = vec![(Row::Begin(finding.read), format!("{} read", finding.rule))];
    if let Some(origin) = story.origin {
        notes.push((row(origin.found), format!("{returned} found")));
        notes.extend(origin.source.map(|source| (row(source), format!("{returned} read"))));
        notes.extend(origin.put.map(|put| (row(put), change(put, format!("{returned} put")))));
    }
    if let (Some(written), Some(newer)) = (story.written, finding.newer) {
        let made = newer.map_or("deleted".to_owned(), |value| format!("{value} written"));
        notes.push((row(written), made));
    }
    notes.extend(story.touched.map(|touched| (row(touched), change(touched, "newer put".to_owned()))));
    match (finding.rule, finding.before, finding.newer) {
        (Rule::Stale, Some(write), Some(newer)) => {
            let newer = newer.map_or("deletion".to_owned(), |value| value.to_string());
            notes.push((Row::End(write), format!("{newer} acknowledged")));
        }
        (Rule::Inverted, Some(earlier), Some(seen)) => {
            notes.push((Row::End(earlier), format!("{} returned", content(seen))));
        }
        _ => {}
    }
    notes
}
