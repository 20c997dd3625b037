//! Parsing of requests.

use bytes::{Buf, Bytes, BytesMut};
use thiserror::Error;

use super::Reply;
use super::split::words;

/// Maximum length of a line, in bytes: an inline command, or a length.
const MAX_LINE: usize = 64 * 1024;
/// Maximum length of a string, in bytes (`proto-max-bulk-len`).
const MAX_BULK: i64 = 512 * 1024 * 1024;
/// Bytes that an argument occupies besides its content. An empty argument counts too.
const ARGUMENT_SIZE: usize = size_of::<Bytes>();

/// Invalid bytes from a client. The server replies with the error and closes the connection.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProtocolError {
    /// The line of an inline command is too long.
    #[error("too big inline request")]
    LongInline,
    /// An inline command has an unclosed quote, or a closing quote within a word.
    #[error("unbalanced quotes in request")]
    Quotes,
    /// The line with the number of arguments is too long.
    #[error("too big mbulk count string")]
    LongArrayLength,
    /// The number of arguments is not an integer, or is too large.
    #[error("invalid multibulk length")]
    ArrayLength,
    /// The line with the length of an argument is too long.
    #[error("too big bulk count string")]
    LongBulkLength,
    /// An argument does not start with `$`.
    #[error("expected '$', got '{}'", char::from(*.0))]
    NotABulk(u8),
    /// The length of an argument is not an integer, is negative, or exceeds 512 MiB.
    #[error("invalid bulk length")]
    BulkLength,
}

impl From<&ProtocolError> for Reply {
    fn from(error: &ProtocolError) -> Self {
        let mut text = b"ERR Protocol error: ".to_vec();
        match error {
            // The byte itself, instead of the UTF-8 encoding of the character.
            ProtocolError::NotABulk(byte) => {
                text.extend_from_slice(b"expected '$', got '");
                text.extend_from_slice(&[*byte, b'\'']);
            }
            other => text.extend_from_slice(other.to_string().as_bytes()),
        }
        Reply::Error(text.into())
    }
}

/// Splits the bytes of a connection into requests. Accepts bytes in pieces of any size.
///
/// ```
/// use selvedge_redis::resp::Requests;
///
/// let mut requests = Requests::default();
/// requests.feed(b"*2\r\n$3\r\nGET\r\n$1\r\n");
/// assert_eq!(requests.next(), Ok(None)); // the request is incomplete
/// requests.feed(b"k\r\nPING\r\n");
/// assert_eq!(requests.next().unwrap().unwrap(), ["GET", "k"]);
/// assert_eq!(requests.next().unwrap().unwrap(), ["PING"]); // an inline command
/// assert_eq!(requests.next(), Ok(None));
/// ```
#[derive(Debug, Default)]
pub struct Requests {
    buffer: BytesMut,
    /// The number of arguments that are missing from the current request.
    missing: i64,
    /// The length of the next argument, once its line has been read.
    length: Option<usize>,
    arguments: Vec<Bytes>,
    /// Bytes occupied by `arguments`, so that [`Self::unread`] takes constant time for each piece
    /// that arrives.
    held: usize,
}

/// The length of a line, or the reason why there is none yet.
enum Line {
    Whole(usize),
    NotYet,
    TooLong,
}

impl Requests {
    /// Appends received bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes stored for an incomplete request: those not yet split, and its arguments so far. An
    /// argument counts with its content and the memory of its handle, so empty arguments count too.
    /// Constant time.
    pub fn unread(&self) -> usize {
        self.buffer.len() + self.held
    }

    /// Returns the next complete request.
    ///
    /// # Errors
    ///
    /// If the bytes are not a valid request. Parsing cannot resume: the connection must be closed.
    #[expect(
        clippy::should_implement_trait,
        reason = "an exhausted iterator could not continue when more bytes arrive"
    )]
    pub fn next(&mut self) -> Result<Option<Vec<Bytes>>, ProtocolError> {
        loop {
            let is_whole = if self.missing > 0 || self.buffer.first() == Some(&b'*') {
                self.array()?
            } else if self.buffer.is_empty() {
                false
            } else {
                self.inline()?
            };
            if !is_whole {
                return Ok(None);
            }
            // Redis ignores empty lines and empty arrays, and sends no reply to them.
            if !self.arguments.is_empty() {
                self.held = 0;
                return Ok(Some(std::mem::take(&mut self.arguments)));
            }
        }
    }

    fn inline(&mut self) -> Result<bool, ProtocolError> {
        let Some(end) = self.find(b'\n') else {
            return if self.buffer.len() > MAX_LINE { Err(ProtocolError::LongInline) } else { Ok(false) };
        };
        let line = self.buffer.split_to(end + 1);
        let line = line.strip_suffix(b"\r\n").unwrap_or(&line[..end]);
        self.arguments = words(line).ok_or(ProtocolError::Quotes)?;
        Ok(true)
    }

    fn array(&mut self) -> Result<bool, ProtocolError> {
        if self.missing == 0 {
            let line = match self.line() {
                Line::Whole(end) => end,
                Line::NotYet => return Ok(false),
                Line::TooLong => return Err(ProtocolError::LongArrayLength),
            };
            let length = whole_number(&self.buffer[1..line]).filter(|length| *length <= i64::from(i32::MAX));
            self.missing = length.ok_or(ProtocolError::ArrayLength)?.max(0);
            self.buffer.advance(line + 2);
        }
        while self.missing > 0 {
            let Some(argument) = self.argument()? else { return Ok(false) };
            self.held += ARGUMENT_SIZE + argument.len();
            self.arguments.push(argument);
            self.missing -= 1;
        }
        Ok(true)
    }

    fn argument(&mut self) -> Result<Option<Bytes>, ProtocolError> {
        let length = match self.length {
            Some(length) => length,
            None => {
                let line = match self.line() {
                    Line::Whole(end) => end,
                    Line::NotYet => return Ok(None),
                    Line::TooLong => return Err(ProtocolError::LongBulkLength),
                };
                let first = self.buffer[0];
                if first != b'$' {
                    return Err(ProtocolError::NotABulk(first));
                }
                let length = whole_number(&self.buffer[1..line]);
                let length = length.filter(|length| (0..=MAX_BULK).contains(length));
                let length = length.ok_or(ProtocolError::BulkLength)? as usize;
                self.buffer.advance(line + 2);
                *self.length.insert(length)
            }
        };
        if self.buffer.len() < length + 2 {
            return Ok(None);
        }
        self.length = None;
        let argument = Bytes::copy_from_slice(&self.buffer[..length]);
        // Like Redis, skips the two bytes after the argument without checking them.
        self.buffer.advance(length + 2);
        Ok(Some(argument))
    }

    /// The length of the next line, up to its CR. Like Redis, skips the next byte without checking
    /// that it is LF.
    fn line(&self) -> Line {
        match self.find(b'\r') {
            None if self.buffer.len() > MAX_LINE => Line::TooLong,
            Some(end) if end + 2 <= self.buffer.len() => Line::Whole(end),
            _ => Line::NotYet,
        }
    }

    /// The index of a byte. Redis searches with `strchr`, which stops at a NUL.
    fn find(&self, byte: u8) -> Option<usize> {
        memchr::memchr2(byte, 0, &self.buffer).filter(|&at| self.buffer[at] == byte)
    }
}

/// Parses an integer by Redis' rules: only the canonical digits, without a plus sign or spaces.
pub(crate) fn whole_number(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let canonical = match digits {
        [b'0'] => text.len() == 1,
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if canonical { std::str::from_utf8(text).ok()?.parse().ok() } else { None }
}
