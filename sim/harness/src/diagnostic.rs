//! Errors that a user can mend, with the place in the file and advice, as text.
//!
//! ```
//! use selvedge_sim::diagnostic::diagnose;
//! use selvedge_sim::scenario::parse;
//! use selvedge_sim::trace::Look;
//!
//! let mistakes = parse("short.toml", "name = \"a\"\nabuot = \"b\"\n", &["tiered"]).unwrap_err();
//! let text = diagnose(mistakes.0.last().unwrap(), Look::PLAIN);
//! let lines: Vec<_> = text.lines().collect();
//! assert_eq!(lines[0], "  × unknown field of a scenario: `abuot`");
//! assert_eq!(lines[1..3], ["   ╭─[short.toml:2:1]", " 1 │ name = \"a\""]);
//! assert_eq!(lines[3..5], [" 2 │ abuot = \"b\"", "   · ──┬──"]);
//! assert_eq!(lines.last(), Some(&"  help: did you mean `about`?"));
//! ```

use std::error::Error;
use std::ops::Range;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use crate::Excerpt;
use crate::look::Look;

/// An error with advice and a place in a file.
pub trait Diagnostic: Error {
    /// Returns how to mend it.
    fn help(&self) -> Option<String> {
        None
    }

    /// Returns its place in a file.
    fn place(&self) -> Option<Label<'_>> {
        None
    }
}

/// A place in a file, with a text.
#[derive(Clone, Debug)]
pub struct Label<'a> {
    /// The file.
    pub excerpt: &'a Excerpt,
    /// The bytes of the place. Empty for a point.
    pub span: Range<usize>,
    /// Its text: the problem, or what was expected there.
    pub label: &'a str,
}

/// A tab is shown as so many spaces.
const TAB: &str = "    ";

/// Renders an error as text of several lines, each with its end.
pub fn diagnose(error: &dyn Diagnostic, look: Look) -> String {
    let paint = |colour: AnsiColor, text: &str| match look.has_colours() {
        true => {
            let style = Style::new().fg_color(Some(colour.into()));
            format!("{style}{text}{style:#}")
        }
        false => text.to_owned(),
    };
    let red = |text| paint(AnsiColor::Red, text);
    let mut text = String::new();
    for (at, line) in wrapped(&error.to_string(), look.columns() - 4).into_iter().enumerate() {
        text += &format!("  {} {line}\n", red(if at == 0 { "×" } else { "│" }));
    }
    if let Some(place) = error.place() {
        text += &excerpt(&place, |text| paint(AnsiColor::Magenta, text));
    }
    if let Some(help) = error.help() {
        for (at, line) in wrapped(&help, look.columns() - 8).into_iter().enumerate() {
            let mark = if at == 0 { paint(AnsiColor::Cyan, "help:") } else { " ".repeat(5) };
            text += &format!("  {mark} {line}\n");
        }
    }
    text
}

/// The lines around a place, which is underlined in its first line.
fn excerpt(Label { excerpt, span, label }: &Label<'_>, paint: impl Fn(&str) -> String) -> String {
    let (number, column) = excerpt.position(span.start);
    let lines = excerpt.around(span);
    let digits = lines.last().map_or(1, |line| line.number.to_string().len());
    let gutter = " ".repeat(digits + 2);
    let mut text = format!("{gutter}╭─[{}:{number}:{column}]\n", excerpt.name());
    for line in &lines {
        text += &format!(" {:digits$} │ {}\n", line.number, line.text.replace('\t', TAB));
        if line.number != number {
            continue;
        }
        let start = span.start - line.offset;
        let end = (span.end - line.offset).min(line.text.len());
        let width = |range: Range<usize>| line.text[range].replace('\t', TAB).width();
        let (indent, length) = (" ".repeat(width(0..start.min(line.text.len()))), width(start.min(end)..end));
        let middle = length / 2;
        let mark = match length {
            0 => "▲".to_owned(),
            _ => format!("{}┬{}", "─".repeat(middle), "─".repeat(length - middle - 1)),
        };
        text += &format!("{gutter}· {indent}{}\n", paint(&mark));
        text += &format!("{gutter}· {indent}{}{} {label}\n", " ".repeat(middle), paint("╰──"));
    }
    text + &format!("{gutter}╰────\n")
}

/// Wraps each line between words. A longer word is not split.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        lines.push(String::new());
        for word in line.split(' ') {
            let last = lines.last_mut().expect("one has been pushed");
            if last.is_empty() {
                word.clone_into(last);
            } else if last.width() + 1 + word.width() <= columns {
                *last += " ";
                *last += word;
            } else {
                lines.push(word.to_owned());
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Wrong(String, Excerpt, Range<usize>);

    impl Diagnostic for Wrong {
        fn place(&self) -> Option<Label<'_>> {
            Some(Label { excerpt: &self.1, span: self.2.clone(), label: "here" })
        }
    }

    fn shown(text: &str, offset: usize, length: usize) -> Vec<String> {
        let excerpt = Excerpt::new("a.toml", Arc::new(text.to_owned()));
        let span = excerpt.span(offset, length);
        let text = diagnose(&Wrong("it is wrong".to_owned(), excerpt, span), Look::PLAIN);
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_place_is_underlined_by_display_width() {
        let lines = shown("a\n\t日本 = x\nb", 12, 1);
        assert_eq!(
            lines,
            [
                "  × it is wrong",
                "   ╭─[a.toml:2:7]",
                " 1 │ a",
                " 2 │     日本 = x",
                "   ·            ┬",
                "   ·            ╰── here",
                " 3 │ b",
                "   ╰────"
            ]
        );
    }

    #[test]
    fn a_span_of_several_lines_is_underlined_in_the_first() {
        let lines = shown("a = [\n  1,\n]\nb", 4, 9);
        assert_eq!(lines[2..5], [" 1 │ a = [", "   ·     ┬", "   ·     ╰── here"]);
        assert_eq!(lines[5..], [" 2 │   1,", " 3 │ ]", " 4 │ b", "   ╰────"]);
    }

    #[test]
    fn every_place_of_a_text_can_be_shown() {
        let long = format!("é{}\r\n", "x".repeat(300));
        for text in ["", "\n", "a", "é\n\né", "a\r\nb\r\n", &long.repeat(3)] {
            for offset in 0..=text.len() + 1 {
                for length in [0, 1, 2, 250, 700] {
                    let lines = shown(text, offset, length);
                    assert!(
                        lines.iter().any(|line| line.ends_with("╰── here")),
                        "{text:?} {offset} {length}"
                    );
                    assert!(lines.iter().all(|line| line.chars().count() < 330), "{lines:?}");
                }
            }
        }
    }

    #[test]
    fn a_long_message_is_wrapped_and_a_long_word_is_not() {
        let word = "/very/long".repeat(20);
        assert_eq!(wrapped(&format!("one two {word} three"), 9), ["one two", &word, "three"]);
    }
}
