//! The width and the colours of a trace's text.

use anstyle::{AnsiColor, Style};

/// The width and the colours of a trace's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The maximum width of a line, in columns.
    pub(crate) width: usize,
    /// Whether lines have colours.
    pub(crate) colour: bool,
}

impl Look {
    /// The maximum width of a trace, in columns.
    pub const WIDEST: usize = 100;

    /// The minimum width, in columns. A narrower terminal breaks the lines itself.
    pub const NARROWEST: usize = 60;

    /// The maximum width without colour: for files, and any output other than a terminal.
    pub const PLAIN: Look = Look { width: Look::WIDEST, colour: false };

    /// Sets the width to the terminal's, at most [`WIDEST`](Self::WIDEST) columns.
    pub fn of_width(self, columns: usize) -> Self {
        Look { width: columns.clamp(Self::NARROWEST, Self::WIDEST), ..self }
    }

    /// Turns colours on or off.
    pub fn in_colour(self, colour: bool) -> Self {
        Look { colour, ..self }
    }

    /// Whether lines have colours.
    pub fn has_colours(self) -> bool {
        self.colour
    }

    /// The maximum width of a line, in columns.
    pub(crate) fn columns(self) -> usize {
        self.width
    }

    /// Applies the tint to the text.
    pub(crate) fn paint(self, tint: Tint, text: &str) -> String {
        match tint.style().filter(|_| self.colour && !text.trim().is_empty()) {
            Some(style) => format!("{style}{text}{style:#}"),
            None => text.to_owned(),
        }
    }
}

/// The purpose of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tint {
    /// Body text.
    Plain,
    /// Structure: bars and step numbers.
    Frame,
    /// Names of columns and fields.
    Name,
    /// A step that the reason refers to.
    Marked,
    /// The note of such a step, and the violation.
    Alarm,
    /// The contents of a tier.
    Content,
}

impl Tint {
    fn style(self) -> Option<Style> {
        let style = Style::new();
        match self {
            Tint::Plain => None,
            Tint::Frame => Some(style.dimmed()),
            Tint::Name | Tint::Marked => Some(style.bold()),
            Tint::Alarm => Some(style.bold().fg_color(Some(AnsiColor::Red.into()))),
            Tint::Content => Some(style.fg_color(Some(AnsiColor::Cyan.into()))),
        }
    }
}

/// A line of tinted pieces.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pieces: Vec<(Tint, String)>,
    width: usize,
}

impl Line {
    /// Appends a piece.
    pub(crate) fn push(&mut self, tint: Tint, text: &str) {
        self.width += text.chars().count();
        self.pieces.push((tint, text.to_owned()));
    }

    /// Appends spaces up to this column.
    pub(crate) fn pad_to(&mut self, column: usize) {
        self.push(Tint::Plain, &" ".repeat(column.saturating_sub(self.width)));
    }

    /// The line as text, without trailing spaces.
    pub(crate) fn text(&self, look: Look) -> String {
        let last = self.pieces.iter().rposition(|(_, text)| !text.trim().is_empty());
        let pieces = &self.pieces[..last.map_or(0, |last| last + 1)];
        let pieces = pieces.iter().enumerate().map(|(at, (tint, text))| match Some(at) == last {
            true => look.paint(*tint, text.trim_end()),
            false => look.paint(*tint, text),
        });
        pieces.collect()
    }
}
