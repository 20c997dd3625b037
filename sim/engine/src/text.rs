//! Text in messages and traces.

use std::panic::Location;

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// The maximum width of a line of a trace, in columns.
pub(crate) const WIDTH: usize = 100;

/// Wraps the text at [`WIDTH`] columns, between words. Indents the first line by `indent`, and the
/// others by twice that. A word that is longer than a line is not split.
pub(crate) fn wrapped(text: &str, indent: &str) -> String {
    let twice = indent.repeat(2);
    let options = Options::new(WIDTH)
        .initial_indent(indent)
        .subsequent_indent(&twice)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    textwrap::fill(text, options)
}

/// The file and line of a source location.
pub(crate) fn place(source: &Location<'_>) -> String {
    format!("{}:{}", source.file(), source.line())
}

#[cfg(test)]
mod tests {
    use super::{WIDTH, wrapped};

    #[test]
    fn a_long_line_is_wrapped() {
        assert_eq!(wrapped("one two", "  "), "  one two");
        let text = wrapped(&"word ".repeat(50), "  ");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert_eq!(text.lines().count(), 3);
        assert!(text.lines().skip(1).all(|line| line.starts_with("    word")), "{text}");
    }
}
