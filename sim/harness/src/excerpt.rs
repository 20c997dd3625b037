//! The part of a file that an error message shows.

use std::ops::Range;
use std::sync::Arc;

/// The maximum length of a line that is shown as a whole, in bytes.
const LONG: usize = 200;
/// The shown length of a long line before and after the error, in bytes.
const AROUND: usize = 60;

/// A file's name and text. An error shows only the near part of a long line, so that a file of one
/// line is not printed as a whole.
#[derive(Clone, Debug)]
pub struct Excerpt {
    name: String,
    text: Arc<String>,
}

/// A line of a file, or a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShownLine<'a> {
    /// The line's number, from 1.
    pub(crate) number: usize,
    /// The shown text, without the line's end.
    pub(crate) text: &'a str,
    /// The offset of the shown text in the file, in bytes.
    pub(crate) offset: usize,
}

impl Excerpt {
    /// Creates an excerpt of the file with this name and text.
    pub(crate) fn new(name: &str, text: Arc<String>) -> Self {
        Excerpt { name: name.to_owned(), text }
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The part of a span to underline: within the text, and within the shown part of a long line.
    pub(crate) fn span(&self, offset: usize, length: usize) -> Range<usize> {
        let text = self.text();
        let start = text.floor_char_boundary(offset.min(text.len()));
        let end = text.floor_char_boundary(start.saturating_add(length).min(text.len()));
        let is_short = text[start..end].lines().all(|line| line.len() <= LONG);
        let first = text[start..end].lines().next().unwrap_or_default();
        start..if is_short { end } else { text.floor_char_boundary(start + first.len().min(AROUND)) }
    }

    /// The line number and the column of an offset, each from 1. The column counts characters.
    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..offset];
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
    }

    /// The lines of a span, with one before and one after. If one of them is long, only the near
    /// part of the span's first line.
    pub(crate) fn around(&self, span: &Range<usize>) -> Vec<ShownLine<'_>> {
        let text = self.text();
        let first = text[..span.start].matches('\n').count();
        let last = first + text[span.clone()].trim_end_matches('\n').matches('\n').count();
        let mut offset = 0;
        let mut shown = Vec::new();
        for (at, line) in text.split_inclusive('\n').enumerate().take(last + 2) {
            if at + 1 >= first {
                let text = line.trim_end_matches('\n').trim_end_matches('\r');
                shown.push(ShownLine { number: at + 1, text, offset });
            }
            offset += line.len();
        }
        if offset == span.start && shown.last().is_none_or(|last| last.number <= first) {
            // The span is at the end of the text, after the last line end.
            shown.push(ShownLine { number: first + 1, text: "", offset });
        }
        if shown.iter().all(|line| line.text.len() <= LONG) {
            return shown;
        }
        let from = text.floor_char_boundary(span.start.saturating_sub(AROUND));
        let to = text.ceil_char_boundary((span.end + AROUND).min(text.len()));
        let line = shown.into_iter().find(|line| line.number == first + 1);
        let line = line.expect("the line of the span's start is shown");
        let from = from.max(line.offset);
        let text = &line.text[from - line.offset..to.min(line.offset + line.text.len()) - line.offset];
        vec![ShownLine { text, offset: from, ..line }]
    }
}
