//! Wraps long lines on a terminal between words, by display width.

use textwrap::core::display_width;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// Wraps a line. Further lines are indented to the line's last column of text. A word that is
/// longer than a line is not split. A line with colours is returned unchanged: its painter knows
/// the width.
pub(crate) fn wrap(line: &str, columns: usize) -> String {
    let text = line.trim_end_matches('\n');
    if display_width(text) <= columns || text.contains('\x1b') {
        return line.to_owned();
    }
    let indent = " ".repeat(indent(text, columns));
    let options = Options::new(columns)
        .subsequent_indent(&indent)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    textwrap::wrap(text, options).join("\n") + &line[text.len()..]
}

/// The indent of further lines: where the last column of a row begins, if that is in the left half;
/// otherwise two more than the line's own.
fn indent(text: &str, columns: usize) -> usize {
    let own = text.len() - text.trim_start().len();
    let last_column = text.trim_start().rfind("  ").map(|at| display_width(&text[..own + at]) + 2);
    last_column.filter(|&at| at <= columns / 2).unwrap_or(own + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, columns: usize) -> String {
        text.split_inclusive('\n').map(|line| wrap(line, columns)).collect()
    }

    #[test]
    fn a_line_that_fits_is_unchanged() {
        for text in ["", "\n", "just as wide\n", "a\n\n  b", "     \n"] {
            assert_eq!(wrapped(text, 12), text);
        }
    }

    #[test]
    fn a_line_is_wrapped_between_words_and_indented() {
        assert_eq!(wrapped("one two three four\nfive\n", 9), "one two\n  three\n  four\nfive\n");
        assert_eq!(wrapped("   one two three", 10), "   one two\n     three");
        assert_eq!(wrapped("one two three", 3), "one\n  two\n  three");
    }

    #[test]
    fn the_last_column_of_a_row_is_aligned() {
        assert_eq!(wrapped("name  1  what it is\n", 19), "name  1  what it is\n");
        assert_eq!(wrapped("name  1  what it is about\n", 20), "name  1  what it is\n         about\n");
        assert_eq!(wrapped("a long name  it is\n", 16), "a long name  it\n  is\n");
    }

    #[test]
    fn a_long_word_is_not_split() {
        assert_eq!(wrapped("/a/very/long/path: it\n", 10), "/a/very/long/path:\n  it\n");
        assert_eq!(wrapped("in /a/very/long/path\n", 10), "in\n  /a/very/long/path\n");
    }

    #[test]
    fn width_is_that_of_the_display_and_colours_are_unchanged() {
        assert_eq!(wrapped("ääää öööö\n", 9), "ääää öööö\n");
        assert_eq!(wrapped("日本 日本 日本\n", 9), "日本 日本\n  日本\n");
        assert_eq!(wrapped("\x1b[1mone two three\x1b[0m\n", 5), "\x1b[1mone two three\x1b[0m\n");
    }
}
