//! How text is shown: how wide it may be, and whether in colour.

use anstyle::{AnsiColor, Style};

/// How a trace's text is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The most columns that a line may have.
    pub(super) width: usize,
    /// Whether lines have colours.
    pub(super) colour: bool,
}

impl Look {
    /// The widest that a trace is shown.
    pub const WIDEST: usize = 100;

    /// The narrowest: below this, a terminal breaks the lines itself.
    pub const NARROWEST: usize = 60;

    /// No colour, and as wide as it may be: for files, and for whatever is no terminal.
    pub const PLAIN: Look = Look { width: Look::WIDEST, colour: false };

    /// On a terminal with this many columns; at most [`WIDEST`](Self::WIDEST) of them are used.
    pub fn of_width(self, columns: usize) -> Self {
        Look { width: columns.clamp(Self::NARROWEST, Self::WIDEST), ..self }
    }

    /// In colour, or not.
    pub fn in_colour(self, colour: bool) -> Self {
        Look { colour, ..self }
    }

    /// Whether lines have colours.
    pub fn has_colours(self) -> bool {
        self.colour
    }

    /// The text as this tint has it.
    pub(super) fn paint(self, tint: Tint, text: &str) -> String {
        match tint.style().filter(|_| self.colour && !text.trim().is_empty()) {
            Some(style) => format!("{style}{text}{style:#}"),
            None => text.to_owned(),
        }
    }
}

/// What a piece of text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tint {
    /// What there is to read.
    Plain,
    /// What holds the rest together: bars and step numbers.
    Frame,
    /// Names of columns and fields.
    Name,
    /// A step that the reason speaks of.
    Marked,
    /// Why it does, and what is wrong.
    Alarm,
    /// What a tier holds.
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
pub(super) struct Line {
    pieces: Vec<(Tint, String)>,
    width: usize,
}

impl Line {
    /// Adds a piece.
    pub(super) fn push(&mut self, tint: Tint, text: &str) {
        self.width += super::text::width(text);
        self.pieces.push((tint, text.to_owned()));
    }

    /// Adds blanks up to this column.
    pub(super) fn pad_to(&mut self, column: usize) {
        self.push(Tint::Plain, &" ".repeat(column.saturating_sub(self.width)));
    }

    /// The line as text, without blanks at its end.
    pub(super) fn text(&self, look: Look) -> String {
        let last = self.pieces.iter().rposition(|(_, text)| !text.trim().is_empty());
        let pieces = &self.pieces[..last.map_or(0, |last| last + 1)];
        let pieces = pieces.iter().enumerate().map(|(at, (tint, text))| match Some(at) == last {
            true => look.paint(*tint, text.trim_end()),
            false => look.paint(*tint, text),
        });
        pieces.collect()
    }
}
