//! The run as lanes: a column for each thread, a row for each step, a bar for an operation in
//! progress, and the contents of the tiers where they change.

mod columns;
mod rows;

use columns::{GAP, TierColumn};
use rows::{Row, bar};

use super::marks::marks;
use super::model::Trace;
use super::text::{shorten, width, wrap};
use super::users;
use crate::history::OperationId;
use crate::look::{Line, Look, Tint};

/// The space between the step number and the lanes.
const GUTTER: usize = 2;
/// The minimum width of the step numbers.
const NUMBERS: usize = 4;
/// The maximum width of a lane's name in a list.
const NAME: usize = 16;

/// Formats the run as lanes, at most 100 columns wide and without colour: [`lanes_in`] with
/// [`Look::PLAIN`].
pub fn lanes(trace: &Trace) -> String {
    lanes_in(trace, Look::PLAIN)
}

/// Formats the run as lanes. If the lanes do not fit the width, formats a list with the lane's name
/// in each row. Marks the steps of the [reason](super::reason) with `>` and a note, on the right,
/// or below if there is no room. Lists the lines of user code, with their steps, at the end.
pub fn lanes_in(trace: &Trace, look: Look) -> String {
    let run = Rows::of(trace);
    let lines = run.best(look.width);
    let mut out = header(trace, look);
    for line in lines.into_iter().chain(run.afterwards(look.width)) {
        out.push_str(&line.text(look));
        out.push('\n');
    }
    out + &users::lines(trace, look)
}

/// The scenario, the case, and the initial contents of the tiers.
fn header(trace: &Trace, look: Look) -> String {
    let mut out = String::new();
    let mut field = |name: &str, value: &str| {
        for (at, text) in wrap(value, look.width - 10).iter().enumerate() {
            let mut line = Line::default();
            line.push(Tint::Frame, if at == 0 { name } else { "" });
            line.pad_to(10);
            line.push(Tint::Plain, text);
            out.push_str(&line.text(look));
            out.push('\n');
        }
    };
    field("scenario", &trace.scenario);
    field("case", &trace.case);
    field("cache", &trace.cache);
    for (at, tier) in trace.tiers.iter().enumerate() {
        field(if at == 0 { "start" } else { "" }, &tier.to_string());
    }
    for (at, fault) in trace.faults.iter().enumerate() {
        field(if at == 0 { "faults" } else { "" }, fault);
    }
    for (at, blocked) in trace.blocked.iter().enumerate() {
        field(if at == 0 { "blocked" } else { "" }, blocked);
    }
    if !trace.is_simplest {
        field("witness", "the first schedule found: the search for a simpler one was ended");
    }
    out.push('\n');
    out
}

/// The contents of the table, before its layout.
struct Rows<'t> {
    trace: &'t Trace,
    rows: Vec<Row>,
    /// The operations after the rows, which are shown only with their replies.
    uneventful: Vec<OperationId>,
    /// The lanes with at least one row.
    used: Vec<usize>,
    tiers: Vec<TierColumn>,
    /// The note of each row, if it has one.
    notes: Vec<Option<String>>,
    /// The width of the mark and the step number.
    numbers: usize,
}

/// The parts that are shown beside the lanes.
#[derive(Clone, Copy)]
struct Beside {
    tiers: bool,
    notes: bool,
}

impl<'t> Rows<'t> {
    fn of(trace: &'t Trace) -> Self {
        let uneventful = rows::uneventful(trace);
        let rows = rows::rows(trace, &uneventful);
        let is_used = |&lane: &usize| rows.iter().any(|row| row.lane(trace) == lane);
        let marks = marks(trace);
        let note = |row: &Row| {
            let notes: Vec<&str> =
                marks.iter().filter(|mark| row.is_at(mark.moment)).map(|mark| mark.note.as_str()).collect();
            (!notes.is_empty()).then(|| notes.join(", "))
        };
        Rows {
            used: (0..trace.lanes.len()).filter(is_used).collect(),
            tiers: columns::tiers(trace),
            notes: rows.iter().map(note).collect(),
            uneventful,
            numbers: 1 + rows.iter().map(|row| width(&row.number(trace))).max().unwrap_or(0).max(NUMBERS),
            rows,
            trace,
        }
    }

    /// The most readable layout in this width. It shows as many parts beside the lanes as possible
    /// without breaking too many rows or shortening words. If the lanes alone do not fit, a list.
    fn best(&self, width: usize) -> Vec<Line> {
        let Some(bare) = self.lanes(width, Beside { tiers: false, notes: false }) else {
            return self.list(width);
        };
        let cut = |lines: &[Line]| lines.iter().map(|line| line.text(Look::PLAIN).matches('…').count()).sum();
        let (rows, words): (usize, usize) = (bare.len() + bare.len() / 3, cut(&bare));
        let beside = [(true, true), (true, false), (false, true)];
        let layouts = beside.map(|(tiers, notes)| self.lanes(width, Beside { tiers, notes }));
        let fits = |lines: &Vec<Line>| lines.len() <= rows && cut(lines) <= words;
        layouts.into_iter().flatten().find(fits).unwrap_or(bare)
    }

    /// The lines after the rows: one for each operation.
    fn afterwards(&self, width: usize) -> Vec<Line> {
        let line = |&id: &OperationId| {
            let span = &self.trace.operations[id];
            let reply = span.reply.as_deref().unwrap_or_default();
            let text = format!("afterwards {}'s {} returns {reply}", self.trace.lanes[span.lane], span.call);
            let start = self.numbers + GUTTER;
            let lines = wrap(&text, width - start).into_iter().enumerate().map(move |(nth, text)| {
                let mut line = self.begin("", if nth == 0 { "…" } else { "" });
                line.pad_to(start);
                line.push(Tint::Frame, &text);
                line
            });
            lines.collect::<Vec<_>>()
        };
        self.uneventful.iter().flat_map(line).collect()
    }

    /// The width of the line without the lanes.
    fn beside(&self, beside: Beside) -> usize {
        let tiers: usize = self.tiers.iter().map(|tier| GAP + tier.width).sum();
        let notes = self.notes.iter().flatten().map(|note| 3 + width(note)).max().unwrap_or(0);
        self.numbers + GUTTER + if beside.tiers { tiers } else { 0 } + if beside.notes { notes } else { 0 }
    }

    /// The layout with a column for each lane. `None` if they do not fit.
    fn lanes(&self, width: usize, beside: Beside) -> Option<Vec<Line>> {
        let room = width.checked_sub(self.beside(beside))?;
        let widths = columns::widths(self.trace, &self.rows, &self.used, room)?;
        let mut starts = vec![self.numbers + GUTTER];
        starts.extend(widths.iter().map(|width| width + GAP));
        (1..starts.len()).for_each(|at| starts[at] += starts[at - 1]);
        let end = *starts.last().expect("the list has a first start") - GAP;
        let mut head = self.begin("", "step");
        for ((&lane, &width), &start) in self.used.iter().zip(&widths).zip(&starts) {
            head.pad_to(start);
            head.push(Tint::Name, &shorten(&self.trace.lanes[lane], width));
        }
        let mut lines = vec![self.with_tiers(head, end, beside, |tier| Some(tier.name.as_str()))];
        let mut open = vec![false; self.trace.lanes.len()];
        for (at, row) in self.rows.iter().enumerate() {
            let here = row.lane(self.trace);
            let sign = row.sign(open[here]);
            open[here] = row.leaves_open(open[here]);
            let column = self.used.iter().position(|&lane| lane == here).expect("a row's lane is used");
            for (nth, (tint, part)) in self.parts(at, widths[column] - 2, beside).iter().enumerate() {
                let mut line = self.begin_row(at, nth);
                for (&lane, &start) in self.used.iter().zip(&starts) {
                    line.pad_to(start);
                    let is_first = lane == here && nth == 0;
                    line.push(Tint::Frame, if is_first { sign } else { bar(open[lane]) });
                    if lane == here {
                        line.push(*tint, &format!(" {part}"));
                    }
                }
                lines.push(self.finish_row(line, at, nth, end, beside));
            }
        }
        Some(lines)
    }

    /// The layout with a row for each step, with its lane's name. Shows parts beside the rows only
    /// if no row breaks for it.
    fn list(&self, width: usize) -> Vec<Line> {
        let names = self.trace.lanes.iter().map(|name| self::width(name)).max().unwrap_or(0).min(NAME);
        let start = self.numbers + GUTTER + names + GAP;
        let widest = self.rows.iter().map(|row| self::width(&row.what(self.trace))).max().unwrap_or(0);
        let end = (start + 2 + widest).min(width);
        let fits = |&beside: &Beside| end + self.beside(beside) - self.numbers - GUTTER <= width;
        let beside =
            [(true, true), (true, false), (false, true)].map(|(tiers, notes)| Beside { tiers, notes });
        let beside = beside.into_iter().find(fits).unwrap_or(Beside { tiers: false, notes: false });
        let mut head = self.begin("", "step");
        head.pad_to(self.numbers + GUTTER);
        head.push(Tint::Name, "thread");
        let mut lines = vec![self.with_tiers(head, end, beside, |tier| Some(tier.name.as_str()))];
        let mut open = vec![false; self.trace.lanes.len()];
        for (at, row) in self.rows.iter().enumerate() {
            let here = row.lane(self.trace);
            let sign = row.sign(open[here]);
            open[here] = row.leaves_open(open[here]);
            for (nth, (tint, part)) in self.parts(at, end - start - 2, beside).iter().enumerate() {
                let mut line = self.begin_row(at, nth);
                line.pad_to(self.numbers + GUTTER);
                if nth == 0 {
                    line.push(Tint::Plain, &shorten(&self.trace.lanes[here], names));
                }
                line.pad_to(start);
                line.push(Tint::Frame, if nth == 0 { sign } else { bar(open[here]) });
                line.push(*tint, &format!(" {part}"));
                lines.push(self.finish_row(line, at, nth, end, beside));
            }
        }
        lines
    }

    fn begin(&self, sign: &str, number: &str) -> Line {
        let mut line = Line::default();
        line.push(Tint::Alarm, sign);
        line.pad_to(self.numbers - self::width(number));
        line.push(Tint::Frame, number);
        line
    }

    fn begin_row(&self, at: usize, nth: usize) -> Line {
        let sign = if nth == 0 && self.notes[at].is_some() { ">" } else { "" };
        let number = if nth == 0 { self.rows[at].number(self.trace) } else { String::new() };
        self.begin(sign, &number)
    }

    /// The lines of a row in this width: its text and, below, its note, if it is not shown beside
    /// it.
    fn parts(&self, at: usize, width: usize, beside: Beside) -> Vec<(Tint, String)> {
        let what =
            wrapped(&self.rows[at].what(self.trace), width).into_iter().map(|part| (self.tint(at), part));
        let note = self.notes[at].as_ref().filter(|_| !beside.notes);
        let note = note.map(|note| wrapped(&format!("◄ {note}"), width)).unwrap_or_default();
        what.chain(note.into_iter().map(|part| (Tint::Alarm, part))).collect()
    }

    fn tint(&self, at: usize) -> Tint {
        if self.notes[at].is_some() { Tint::Marked } else { Tint::Plain }
    }

    /// Adds the contents of the tiers and the note.
    fn finish_row(&self, line: Line, at: usize, nth: usize, end: usize, beside: Beside) -> Line {
        let steps = match &self.rows[at] {
            Row::Steps(steps) if nth == 0 => Some(steps.clone()),
            _ => None,
        };
        let mut line = self.with_tiers(line, end, beside, |tier| {
            steps.clone()?.rev().find_map(|step| tier.cells[step].as_deref())
        });
        if let Some(note) = self.notes[at].as_ref().filter(|_| beside.notes && nth == 0) {
            let tiers: usize = self.tiers.iter().map(|tier| GAP + tier.width).sum();
            line.pad_to(end + if beside.tiers { tiers } else { 0 } + 1);
            line.push(Tint::Alarm, &format!("◄ {note}"));
        }
        line
    }

    fn with_tiers<'r>(
        &'r self,
        mut line: Line,
        end: usize,
        beside: Beside,
        cell: impl Fn(&'r TierColumn) -> Option<&'r str>,
    ) -> Line {
        let mut start = end;
        for tier in self.tiers.iter().filter(|_| beside.tiers) {
            line.pad_to(start + GAP);
            line.push(Tint::Content, cell(tier).unwrap_or_default());
            start += GAP + tier.width;
        }
        line
    }
}

/// Wraps the text and indents all lines but the first. Keeps an arrow or `=` on one line with its
/// value.
fn wrapped(text: &str, max: usize) -> Vec<String> {
    if width(text) <= max {
        return vec![text.to_owned()];
    }
    let tied = text.replace("→ ", "→\u{a0}").replace("= ", "=\u{a0}").replace(" s)", "\u{a0}s)");
    let lines = wrap(&tied, max - 2).into_iter().map(|line| line.replace('\u{a0}', " "));
    lines.enumerate().map(|(at, line)| if at == 0 { line } else { format!("  {line}") }).collect()
}
