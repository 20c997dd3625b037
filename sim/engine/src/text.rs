//! Text wrapping, with widths in characters.

use std::panic::Location;

/// The widest that a line of a trace may be.
pub(crate) const WIDTH: usize = 100;

/// Wraps the text at [`WIDTH`] characters, where its words allow it. Indents the first line by
/// `indent`, and the others by twice that.
pub(crate) fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length <= WIDTH {
            lines.push(' ');
            width += 1 + length;
        } else {
            if width > 0 {
                lines.push('\n');
                lines.push_str(indent);
            }
            lines.push_str(indent);
            width = indent.len() * if lines.contains('\n') { 2 } else { 1 } + length;
        }
        lines.push_str(word);
    }
    lines
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
