//! Long lines on a terminal: broken between words, and hanging below where their text begins.

/// The line in as many as it takes. One with colours is as it was: who paints knows the width.
pub(crate) fn fold(line: &str, columns: usize) -> String {
    let width = |text: &str| text.chars().count();
    let text = line.trim_end_matches('\n');
    if width(text) <= columns || text.contains('\x1b') {
        return line.to_owned();
    }
    let hang = hang(text, columns);
    let (lead, mut rest) = text.split_at(text.len() - text.trim_start().len());
    let (mut folded, mut start) = (lead.to_owned(), width(lead));
    while start + width(rest) > columns {
        let room = columns.saturating_sub(start);
        let cut = rest.char_indices().nth(room).map_or(rest.len(), |(at, _)| at);
        // A word that is longer than a line is left to the terminal.
        let last = rest[..cut].rfind(' ').filter(|&at| !rest[..at].trim().is_empty());
        let first = || rest[cut..].find(' ').map(|at| cut + at);
        let at = if rest[cut..].starts_with(' ') { Some(cut) } else { last.or_else(first) };
        let Some(at) = at else { break };
        folded += rest[..at].trim_end();
        folded.push('\n');
        folded += &" ".repeat(hang);
        rest = rest[at..].trim_start();
        start = hang;
    }
    folded + rest + &line[text.len()..]
}

/// Where the last column of a row begins, if that is in the left half; otherwise a little to the right of the line itself.
fn hang(text: &str, columns: usize) -> usize {
    let body = text.trim_start();
    let indent = text.chars().count() - body.chars().count();
    let gap = body.rfind("  ").map(|at| indent + body[..at].chars().count() + 2);
    gap.filter(|&at| at <= columns / 2).unwrap_or(indent + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str, columns: usize) -> String {
        text.split_inclusive('\n').map(|line| fold(line, columns)).collect()
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        for text in ["", "\n", "just as wide\n", "a\n\n  b", "     \n"] {
            assert_eq!(folded(text, 12), text);
        }
    }

    #[test]
    fn a_line_is_broken_between_words_and_hangs() {
        assert_eq!(folded("one two three four\nfive\n", 9), "one two\n  three\n  four\nfive\n");
        assert_eq!(folded("   one two three", 10), "   one two\n     three");
        assert_eq!(folded("one two three", 3), "one\n  two\n  three");
    }

    #[test]
    fn the_last_column_of_a_row_hangs_below_itself() {
        assert_eq!(folded("name  1  what it is\n", 19), "name  1  what it is\n");
        assert_eq!(folded("name  1  what it is about\n", 20), "name  1  what it is\n         about\n");
        assert_eq!(folded("a long name  it is\n", 16), "a long name  it\n  is\n");
    }

    #[test]
    fn a_word_that_is_too_long_is_whole() {
        assert_eq!(folded("/a/very/long/path: it\n", 10), "/a/very/long/path:\n  it\n");
        assert_eq!(folded("in /a/very/long/path\n", 10), "in\n  /a/very/long/path\n");
    }

    #[test]
    fn letters_are_counted_and_colours_left_alone() {
        assert_eq!(folded("ääää öööö\n", 9), "ääää öööö\n");
        assert_eq!(folded("\x1b[1mone two three\x1b[0m\n", 5), "\x1b[1mone two three\x1b[0m\n");
    }
}
