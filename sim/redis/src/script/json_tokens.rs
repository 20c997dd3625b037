//! The tokens of JSON, as lua-cjson reads them: a text ends at its first NUL.

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    Text(Vec<u8>),
    Number(f64),
    Boolean(bool),
    Null,
    Colon,
    Comma,
    End,
    Error(&'static str),
}

impl Token {
    /// The token's name in errors.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Token::ObjectBegin => "T_OBJ_BEGIN",
            Token::ObjectEnd => "T_OBJ_END",
            Token::ArrayBegin => "T_ARR_BEGIN",
            Token::ArrayEnd => "T_ARR_END",
            Token::Text(_) => "T_STRING",
            Token::Number(_) => "T_NUMBER",
            Token::Boolean(_) => "T_BOOLEAN",
            Token::Null => "T_NULL",
            Token::Colon => "T_COLON",
            Token::Comma => "T_COMMA",
            Token::End => "T_END",
            Token::Error(text) => text,
        }
    }
}

/// Splits a text into tokens.
#[derive(Debug)]
pub(super) struct Tokens<'t> {
    text: &'t [u8],
    at: usize,
    /// The position of the last token, or of the error in it.
    start: usize,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Tokens { text, at: 0, start: 0 }
    }

    /// The position of the last token, or of the error in it.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// The position after the last token.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The byte at a position; 0 at the end.
    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    fn rest(&self) -> &'t [u8] {
        &self.text[self.at.min(self.text.len())..]
    }

    pub(super) fn next(&mut self) -> Token {
        while matches!(self.byte(self.at), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
        self.start = self.at;
        let single = match self.byte(self.at) {
            0 => return Token::End,
            b'{' => Token::ObjectBegin,
            b'}' => Token::ObjectEnd,
            b'[' => Token::ArrayBegin,
            b']' => Token::ArrayEnd,
            b',' => Token::Comma,
            b':' => Token::Colon,
            b'"' => return self.string(),
            b'-' | b'0'..=b'9' => return self.number(),
            _ => return self.word(),
        };
        self.at += 1;
        single
    }

    fn word(&mut self) -> Token {
        for (word, token) in
            [("true", Token::Boolean(true)), ("false", Token::Boolean(false)), ("null", Token::Null)]
        {
            if self.rest().starts_with(word.as_bytes()) {
                self.at += word.len();
                return token;
            }
        }
        let lower = self.rest().iter().take(3).map(u8::to_ascii_lowercase).collect::<Vec<_>>();
        // `inf` and `nan`, in any case of `i` and `n`, and numbers with a plus sign.
        if self.byte(self.at) == b'+' || lower == b"inf" || lower == b"nan" {
            return self.number();
        }
        Token::Error("invalid token")
    }

    /// A number, as C's `strtod` reads it.
    fn number(&mut self) -> Token {
        match prefix(self.rest()) {
            Some((number, length)) => {
                self.at += length;
                Token::Number(number)
            }
            None => Token::Error("invalid number"),
        }
    }

    fn error(&mut self, text: &'static str) -> Token {
        self.start = self.at;
        Token::Error(text)
    }

    fn string(&mut self) -> Token {
        self.at += 1;
        let mut text = Vec::new();
        loop {
            match self.byte(self.at) {
                b'"' => break,
                0 => return self.error("unexpected end of string"),
                b'\\' => {
                    let escaped = match self.byte(self.at + 1) {
                        byte @ (b'"' | b'\\' | b'/') => byte,
                        b'b' => 0x08,
                        b't' => b'\t',
                        b'n' => b'\n',
                        b'f' => 0x0c,
                        b'r' => b'\r',
                        b'u' => match self.unicode() {
                            Some((code, length)) => {
                                append_code(code, &mut text);
                                self.at += length;
                                continue;
                            }
                            None => return self.error("invalid unicode escape code"),
                        },
                        _ => return self.error("invalid escape code"),
                    };
                    text.push(escaped);
                    self.at += 2;
                }
                byte => {
                    text.push(byte);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        Token::Text(text)
    }

    /// The code point of the escape here, and the escape's length.
    fn unicode(&self) -> Option<(u32, usize)> {
        let code = self.hex(self.at + 2)?;
        if code & 0xf800 != 0xd800 {
            return Some((code, 6));
        }
        let has_low = self.byte(self.at + 6) == b'\\' && self.byte(self.at + 7) == b'u';
        if code & 0x400 != 0 || !has_low {
            return None;
        }
        let low = self.hex(self.at + 8).filter(|low| low & 0xfc00 == 0xdc00)?;
        Some((((code & 0x3ff) << 10 | low & 0x3ff) + 0x1_0000, 12))
    }

    fn hex(&self, at: usize) -> Option<u32> {
        (at..at + 4).try_fold(0, |code, at| Some(code << 4 | char::from(self.byte(at)).to_digit(16)?))
    }
}

/// Appends a code point in UTF-8. Unlike `char`, it may be any number.
fn append_code(code: u32, text: &mut Vec<u8>) {
    let tail = |shift: u32| (code >> shift & 0x3f) as u8 | 0x80;
    match code {
        0..=0x7f => text.push(code as u8),
        0x80..=0x7ff => text.extend([(code >> 6) as u8 | 0xc0, tail(0)]),
        0x800..=0xffff => text.extend([(code >> 12) as u8 | 0xe0, tail(6), tail(0)]),
        _ => text.extend([(code >> 18) as u8 | 0xf0, tail(12), tail(6), tail(0)]),
    }
}

/// The longest number at the beginning of the text, and its length.
fn prefix(text: &[u8]) -> Option<(f64, usize)> {
    let sign = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let is_negative = text.first() == Some(&b'-');
    let rest = &text[sign..];
    let signed = |number: f64| if is_negative { -number } else { number };
    let lower: Vec<u8> = rest.iter().take(8).map(u8::to_ascii_lowercase).collect();
    for (name, number) in [("infinity", f64::INFINITY), ("inf", f64::INFINITY), ("nan", f64::NAN)] {
        if lower.starts_with(name.as_bytes()) {
            return Some((signed(number), sign + name.len()));
        }
    }
    if lower.starts_with(b"0x") {
        let digits = rest[2..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        if digits > 0 {
            let value = |number: f64, byte: &u8| {
                number * 16.0 + f64::from(char::from(*byte).to_digit(16).unwrap_or(0))
            };
            return Some((signed(rest[2..2 + digits].iter().fold(0.0, value)), sign + 2 + digits));
        }
    }
    let digits =
        |from: usize| rest[from.min(rest.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(0);
    let mut end = whole;
    if rest.get(end) == Some(&b'.') {
        let places = digits(end + 1);
        if whole + places > 0 {
            end += 1 + places;
        }
    }
    if end == 0 {
        return None;
    }
    if matches!(rest.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(rest.get(end + 1), Some(b'-' | b'+')));
        let count = digits(end + 1 + sign);
        if count > 0 {
            end += 1 + sign + count;
        }
    }
    let number = std::str::from_utf8(&rest[..end]).ok()?.parse::<f64>().ok()?;
    Some((signed(number), sign + end))
}
