//! Escapes text for terminals and logs, so that they interpret nothing in it.

use std::borrow::Cow;

/// Whether a terminal, an editor or a log viewer may interpret the character instead of showing it.
/// These are control characters (C0, DEL, C1), line separators, and the invisible characters that
/// reorder or hide text.
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Escapes each [unsafe](is_unsafe) character except line ends, as in `\u{1b}`, and the commands of
/// GitHub's runner: `::` at the start of a line, and `##[`. With `colours`, keeps the sequences
/// that set a colour, bold, dim, italic or underline.
pub fn plain(text: &str, colours: bool) -> Cow<'_, str> {
    if !text.contains(is_unsafe_but_line_end) && !text.contains("::") && !text.contains("##[") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        write_line(&mut out, line, colours);
        out.push_str(end);
    }
    Cow::Owned(out)
}

fn is_unsafe_but_line_end(character: char) -> bool {
    character != '\n' && is_unsafe(character)
}

fn write_line(out: &mut String, line: &str, colours: bool) {
    let mut rest = line;
    let mut is_blank = true;
    while let Some(character) = rest.chars().next() {
        let sequence = if colours { sequence(rest) } else { 0 };
        if sequence > 0 {
            out.push_str(&rest[..sequence]);
            rest = &rest[sequence..];
            continue;
        }
        let is_command = (is_blank && rest.starts_with("::")) || rest.starts_with("##[");
        if is_command || is_unsafe(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
        is_blank &= character.is_whitespace();
        rest = &rest[character.len_utf8()..];
    }
}

/// The length in bytes of the rendition sequence at the start of `text`; 0 if there is none, or if
/// it may hide text.
fn sequence(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix("\x1b[") else { return 0 };
    let Some(end) = parameters.find('m').filter(|&end| end <= 20) else { return 0 };
    let parameters = &parameters[..end];
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    // 7 swaps the colours and 8 conceals the text: Selvedge uses neither.
    let is_known = |part: &str| is_number(part) && !matches!(part.trim_start_matches('0'), "7" | "8");
    // The numbers after 38 and 48 are a colour.
    let is_palette = parameters.contains("38;") || parameters.contains("48;");
    match parameters.split(';').all(|part| if is_palette { is_number(part) } else { is_known(part) }) {
        true => 2 + end + 1,
        false => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn harmless_text_is_unchanged() {
        for text in ["", "user:1 → v0\n", "a: b\n  c::d", "straße\n", "# a [b]\n"] {
            assert_eq!(plain(text, true), text);
        }
    }

    #[test]
    fn control_characters_are_escaped() {
        for (text, shown) in [
            ("a\x1b]0;title\x07b", "a\\u{1b}]0;title\\u{7}b"),
            ("a\x1b[2Jb", "a\\u{1b}[2Jb"),
            ("\u{202e}abc", "\\u{202e}abc"),
            ("a\rb\tc", "a\\u{d}b\\u{9}c"),
            ("\u{9b}31m", "\\u{9b}31m"),
        ] {
            assert_eq!(plain(text, true), shown);
            assert_eq!(plain(text, false), shown);
        }
    }

    #[test]
    fn colours_are_kept_only_where_allowed() {
        let text = "\x1b[1m\x1b[38;5;8mbold\x1b[0m";
        assert_eq!(plain(text, true), text);
        assert_eq!(plain(text, false), text.replace('\x1b', "\\u{1b}"));
        assert_eq!(plain("\x1b[8mhidden", true), "\\u{1b}[8mhidden");
        assert_eq!(plain("\x1b[1;08mhidden", true), "\\u{1b}[1;08mhidden");
    }

    #[test]
    fn commands_of_a_runner_are_escaped() {
        assert_eq!(plain("a\n::error::b\n", false), "a\n\\u{3a}:error::b\n");
        assert_eq!(plain("  ::error::b", false), "  \\u{3a}:error::b");
        assert_eq!(plain("\x1b[1m::error::b", true), "\x1b[1m\\u{3a}:error::b");
        assert_eq!(plain("a ##[error]b", false), "a \\u{23}#[error]b");
    }
}
