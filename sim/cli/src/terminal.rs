//! Output for people: characters that a terminal or a CI log would interpret are escaped.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::mem;

use selvedge_sim::plain::{is_unsafe, plain};

use crate::wrap::wrap;

/// Writes a message to stderr. Errors are ignored: there is no other place to report them.
pub(crate) fn say(text: &str) {
    _ = io::stderr().write_all(plain(text, io::stderr().is_terminal()).as_bytes());
}

/// The form of the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Plain text.
    Text {
        /// Whether colours are allowed.
        colours: bool,
        /// The width of the terminal, if the output is one.
        columns: Option<usize>,
    },
    /// JSON, escaped as JSON strings.
    Json,
    /// HTML, not escaped: a browser interprets no control character.
    Page,
}

/// The output for results. Each line is escaped when it is complete.
pub(crate) struct Results<'w> {
    out: &'w mut dyn Write,
    form: Form,
    line: Vec<u8>,
}

impl<'w> Results<'w> {
    pub(crate) fn new(out: &'w mut dyn Write, form: Form) -> Self {
        Results { out, form, line: Vec::new() }
    }

    /// Writes a command for a CI runner, unescaped.
    pub(crate) fn command(&mut self, text: &str) -> io::Result<()> {
        self.flush()?;
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    fn write_line(&mut self) -> io::Result<()> {
        let line = mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&line);
        match self.form {
            Form::Page => self.out.write_all(&line),
            Form::Json => self.out.write_all(json(&text).as_bytes()),
            Form::Text { colours, columns } => {
                let text = plain(&text, colours);
                match columns {
                    Some(columns) => self.out.write_all(wrap(&text, columns).as_bytes()),
                    None => self.out.write_all(text.as_bytes()),
                }
            }
        }
    }
}

impl Write for Results<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.write_line()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_line()?;
        self.out.flush()
    }
}

/// Escapes a line of JSON: only its strings can contain unsafe characters.
fn json(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for character in line.chars() {
        if character == '\n' || !is_unsafe(character) {
            text.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: Form, text: &str) -> String {
        let mut out = Vec::new();
        let mut results = Results::new(&mut out, form);
        // In pieces, as a formatter writes; some split a character.
        for piece in text.as_bytes().chunks(3) {
            results.write_all(piece).expect("it is written");
        }
        results.flush().expect("it is written");
        String::from_utf8(out).expect("UTF-8")
    }

    const HOSTILE: &str = "a\x1b[31mb\u{202e}c\n::error::d\n";

    #[test]
    fn text_escapes_what_a_terminal_would_interpret() {
        let form = |colours| Form::Text { colours, columns: None };
        assert_eq!(written(form(false), HOSTILE), "a\\u{1b}[31mb\\u{202e}c\n\\u{3a}:error::d\n");
        assert_eq!(written(form(true), HOSTILE), "a\x1b[31mb\\u{202e}c\n\\u{3a}:error::d\n");
        assert_eq!(written(form(false), "v0 → v1\n"), "v0 → v1\n");
        let narrow = Form::Text { colours: false, columns: Some(9) };
        assert_eq!(written(narrow, "one two three four\n"), "one two\n  three\n  four\n");
    }

    #[test]
    fn json_escapes_control_characters_and_html_does_not() {
        assert_eq!(
            written(Form::Json, "{\"a\u{7f}\": \"\u{202e}\u{e0041}\"}\n"),
            "{\"a\\u007f\": \"\\u202e\\udb40\\udc41\"}\n"
        );
        assert_eq!(written(Form::Page, HOSTILE), HOSTILE);
    }

    #[test]
    fn a_command_is_written_unescaped() {
        let mut out = Vec::new();
        let mut results = Results::new(&mut out, Form::Text { colours: false, columns: Some(10) });
        results.write_all(b"before").expect("it is written");
        results.command("::error file=a::a long message\n").expect("it is written");
        assert_eq!(String::from_utf8(out).expect("UTF-8"), "before::error file=a::a long message\n");
    }
}
