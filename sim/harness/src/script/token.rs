//! Splits a script into tokens. Indentation becomes tokens of its own, as in Python.

use std::ops::Range;

use super::mistake::{ScriptMistake, Spot};

/// The deepest indentation.
const DEEPEST: usize = 20;
/// Words that cannot be names.
const KEYWORDS: [&str; 31] = [
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
    "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not",
    "or", "pass", "raise", "return", "try", "while", "with",
];
/// Operators and punctuation, the longest first.
const SIGNS: [&str; 38] = [
    "**=", "//=", ">>=", "<<=", "...", "**", "//", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=",
    "->", ":=", "|=", "&=", "(", ")", "[", "]", "{", "}", ",", ":", ".", ";", "+", "-", "*", "/", "%", "=",
    "<", ">",
];

/// A token with its bytes in the text.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) span: Range<usize>,
}

/// The kind of a token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Name(String),
    Word(&'static str),
    Sign(&'static str),
    Int(i64),
    Float(f64),
    Text(String),
    /// The text and the names between braces, of an f-string.
    Format(Vec<Piece>),
    Line,
    Indent,
    Dedent,
    End,
}

/// A part of an f-string.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    Text(String),
    /// The bytes of an expression in the script.
    Code(Range<usize>),
}

/// Splits the text into tokens; the last is `End`.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, ScriptMistake> {
    Lexer { text, at: 0, end: text.len(), depth: Vec::new(), indents: vec![0], tokens: Vec::new() }.all()
}

/// Splits a part of the text, an expression of an f-string, into tokens.
pub(crate) fn tokens_within(text: &str, part: Range<usize>) -> Result<Vec<Token>, ScriptMistake> {
    let mut lexer = Lexer {
        text,
        at: part.start,
        end: part.end,
        depth: Vec::new(),
        indents: vec![0],
        tokens: Vec::new(),
    };
    while lexer.skip_spaces() {
        lexer.token()?;
    }
    lexer.push(Kind::End, part.end..part.end);
    Ok(lexer.tokens)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    end: usize,
    /// The open brackets, with their places.
    depth: Vec<(char, usize)>,
    indents: Vec<usize>,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn all(mut self) -> Result<Vec<Token>, ScriptMistake> {
        let mut is_line_start = true;
        loop {
            if is_line_start && self.depth.is_empty() {
                if !self.indentation()? {
                    break;
                }
                is_line_start = false;
            }
            if !self.skip_spaces() {
                break;
            }
            if self.rest().starts_with('\n') {
                let at = self.at;
                self.at += 1;
                if self.depth.is_empty() {
                    self.push(Kind::Line, at..at + 1);
                    is_line_start = true;
                }
                continue;
            }
            self.token()?;
        }
        if let Some((open, at)) = self.depth.pop() {
            return Err(ScriptMistake::new(at..at + 1, format!("`{open}` is never closed"), "opened here"));
        }
        let end = self.end;
        if self.tokens.last().is_some_and(|token| token.kind != Kind::Line) {
            self.push(Kind::Line, end..end);
        }
        while self.indents.len() > 1 {
            self.indents.pop();
            self.push(Kind::Dedent, end..end);
        }
        self.push(Kind::End, end..end);
        Ok(self.tokens)
    }

    fn rest(&self) -> &str {
        &self.text[self.at..self.end]
    }

    fn push(&mut self, kind: Kind, span: Range<usize>) {
        self.tokens.push(Token { kind, span });
    }

    /// Skips spaces, comments and continued lines. Returns whether anything is left.
    fn skip_spaces(&mut self) -> bool {
        loop {
            let rest = self.rest();
            if rest.starts_with([' ', '\t', '\r', '\u{c}']) {
                self.at += 1;
            } else if rest.starts_with('#') {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("\\\n") {
                self.at += 2;
            } else if rest.starts_with("\\\r\n") {
                self.at += 3;
            } else {
                return !rest.is_empty();
            }
        }
    }

    /// Reads the indentation of the next line with code. Returns whether there is one.
    fn indentation(&mut self) -> Result<bool, ScriptMistake> {
        let width = loop {
            let rest = self.rest();
            let width = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            let line = &rest[width..];
            if line.starts_with('#') || line.starts_with('\n') || line.starts_with("\r\n") {
                self.at += rest.find('\n').map_or(rest.len(), |end| end + 1);
                if self.rest().is_empty() {
                    return Ok(false);
                }
                continue;
            }
            if line.is_empty() {
                return Ok(false);
            }
            // As in Python, a tab extends to the next multiple of eight.
            let columns = rest[..width]
                .chars()
                .fold(0, |columns, it| if it == '\t' { (columns / 8 + 1) * 8 } else { columns + 1 });
            self.at += width;
            break columns;
        };
        let at = self.at;
        let last = *self.indents.last().expect("the first indentation stays");
        if width > last {
            if self.indents.len() > DEEPEST {
                let what = format!("a block inside {DEEPEST} others");
                return Err(ScriptMistake::new(at..at, what, "expected fewer nested blocks"));
            }
            self.indents.push(width);
            self.push(Kind::Indent, at..at);
        }
        while width < *self.indents.last().expect("the first indentation stays") {
            self.indents.pop();
            self.push(Kind::Dedent, at..at);
        }
        if width != *self.indents.last().expect("the first indentation stays") {
            let what = "the indentation does not match that of any block";
            return Err(ScriptMistake::new(at..at, what, "expected the indentation of an earlier line"));
        }
        Ok(true)
    }

    fn token(&mut self) -> Result<(), ScriptMistake> {
        let (at, rest) = (self.at, self.rest());
        let first = rest.chars().next().expect("there is a character");
        if first.is_ascii_digit() {
            return self.number();
        }
        if let Some((prefix, quote)) = quoted(rest) {
            let prefix = prefix.to_owned();
            return self.string(&prefix, quote);
        }
        if first == '_' || first.is_alphabetic() {
            let length = rest.find(|it: char| it != '_' && !it.is_alphanumeric()).unwrap_or(rest.len());
            let name = &rest[..length];
            let kind = match KEYWORDS.iter().find(|word| **word == name) {
                Some(word) => Kind::Word(word),
                None => Kind::Name(name.to_owned()),
            };
            self.at += length;
            self.push(kind, at..at + length);
            return Ok(());
        }
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            match *sign {
                "(" | "[" | "{" => self.depth.push((first, at)),
                ")" | "]" | "}" => {
                    let open = self.depth.pop().map(|(open, _)| open);
                    let expected = match *sign {
                        ")" => '(',
                        "]" => '[',
                        _ => '{',
                    };
                    if open != Some(expected) {
                        let what = format!("`{sign}` closes no `{expected}`");
                        return Err(ScriptMistake::new(at..at + 1, what, "closed here"));
                    }
                }
                _ => {}
            }
            self.at += sign.len();
            self.push(Kind::Sign(sign), at..at + sign.len());
            return Ok(());
        }
        let sign = ["@", "|", "&", "^", "~"].iter().find(|sign| rest.starts_with(**sign));
        let what = match sign {
            Some(&"@") => "decorators are not supported".to_owned(),
            Some(sign) => format!("the operator `{sign}` is not supported"),
            None => format!("`{}` is no part of a script", first.escape_debug()),
        };
        Err(ScriptMistake::new(at..at + first.len_utf8(), what, "unexpected"))
    }

    fn number(&mut self) -> Result<(), ScriptMistake> {
        let (at, rest) = (self.at, self.rest());
        let is_part = |it: char| it.is_ascii_alphanumeric() || it == '_';
        let mut length = rest.find(|it| !is_part(it)).unwrap_or(rest.len());
        let decimals = &rest[length..];
        let is_float = decimals.starts_with('.') && !rest.starts_with("0x");
        if is_float {
            length += 1;
            length += decimals[1..].find(|it| !is_part(it)).unwrap_or(decimals.len() - 1);
        }
        let digits = rest[..length].replace('_', "");
        let radix = [("0x", 16), ("0X", 16), ("0o", 8), ("0b", 2)]
            .into_iter()
            .find(|(prefix, _)| digits.starts_with(prefix));
        let kind = match radix {
            Some((_, radix)) => i64::from_str_radix(&digits[2..], radix).ok().map(Kind::Int),
            None => digits.parse().ok().map(Kind::Int).or_else(|| {
                let float: Option<f64> = digits.parse().ok().filter(|float: &f64| float.is_finite());
                float.filter(|_| is_float || digits.contains(['e', 'E'])).map(Kind::Float)
            }),
        };
        let Some(kind) = kind else {
            let what = format!("`{}` is not a number, or too large", &rest[..length]);
            return Err(ScriptMistake::new(at..at + length, what, "expected a number of at most 64 bits"));
        };
        self.at += length;
        self.push(kind, at..at + length);
        Ok(())
    }

    fn string(&mut self, prefix: &str, quote: &'static str) -> Result<(), ScriptMistake> {
        let (at, is_raw) = (self.at, prefix.contains(['r', 'R']));
        let is_format = prefix.contains(['f', 'F']);
        self.at += prefix.len() + quote.len();
        let (mut text, mut pieces) = (String::new(), Vec::new());
        loop {
            let rest = self.rest();
            let Some(next) = rest.chars().next().filter(|next| *next != '\n' || quote.len() == 3) else {
                let what = "the string is never closed";
                return Err(ScriptMistake::new(at..at + prefix.len() + quote.len(), what, "opened here"));
            };
            if rest.starts_with(quote) {
                self.at += quote.len();
                break;
            }
            if next == '\\' {
                self.at += self.escape(is_raw, &mut text);
                continue;
            }
            if is_format && (rest.starts_with("{{") || rest.starts_with("}}")) {
                text.push(next);
                self.at += 2;
                continue;
            }
            if is_format && next == '{' {
                let end = rest.find(['}', '\n']).filter(|end| rest[*end..].starts_with('}'));
                let Some(end) = end else {
                    let what = "`{` is never closed in the f-string";
                    return Err(ScriptMistake::new(self.at..self.at + 1, what, "opened here"));
                };
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                pieces.push(Piece::Code(self.at + 1..self.at + end));
                self.at += end + 1;
                continue;
            }
            text.push(next);
            self.at += next.len_utf8();
        }
        let kind = if is_format {
            pieces.push(Piece::Text(text));
            Kind::Format(pieces)
        } else {
            Kind::Text(text)
        };
        self.push(kind, at..self.at);
        Ok(())
    }

    /// Adds the character of an escape sequence to the text. Returns the sequence's length.
    fn escape(&self, is_raw: bool, text: &mut String) -> usize {
        let mut rest = self.rest().chars();
        rest.next();
        let Some(escaped) = rest.next() else {
            text.push('\\');
            return 1;
        };
        let plain = match escaped {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            '0' => '\0',
            '\\' | '\'' | '"' => escaped,
            _ => {
                text.extend(['\\', escaped]);
                return 1 + escaped.len_utf8();
            }
        };
        if is_raw {
            text.extend(['\\', escaped]);
        } else {
            text.push(plain);
        }
        1 + escaped.len_utf8()
    }
}

/// The prefix and the quotes of a string that begins here.
fn quoted(rest: &str) -> Option<(&str, &'static str)> {
    let length = rest.find(['"', '\''])?;
    let prefix = &rest[..length];
    let is_prefix = length <= 2 && prefix.chars().all(|it| "rRfFbBuU".contains(it));
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| rest[length..].starts_with(quote));
    Some((prefix, quote?)).filter(|_| is_prefix)
}

/// The place of a token.
impl From<&Token> for Spot {
    fn from(token: &Token) -> Self {
        Spot(token.span.start as u32, token.span.end as u32)
    }
}
