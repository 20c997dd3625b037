//! Requests, cut out of what a connection sends.

use bytes::{Buf, Bytes, BytesMut};
use thiserror::Error;

use super::Reply;
use super::split::words;

/// How long a line may be: an inline command, or a length.
const MAX_LINE: usize = 64 * 1024;
/// How long a string may be (`proto-max-bulk-len`).
const MAX_BULK: i64 = 512 * 1024 * 1024;
/// Bytes that an argument occupies besides its content. An empty argument is counted too.
const ARGUMENT_SIZE: usize = size_of::<Bytes>();

/// The connection sent something that is not a request. It is told so, and closed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProtocolError {
    /// A line with a command that does not end.
    #[error("too big inline request")]
    LongInline,
    /// An inline command with a quote that does not end, or that ends within a word.
    #[error("unbalanced quotes in request")]
    Quotes,
    /// A number of arguments that does not end.
    #[error("too big mbulk count string")]
    LongArrayLength,
    /// A number of arguments that is no number, or too large.
    #[error("invalid multibulk length")]
    ArrayLength,
    /// The length of an argument that does not end.
    #[error("too big bulk count string")]
    LongBulkLength,
    /// Something other than an argument.
    #[error("expected '$', got '{}'", char::from(*.0))]
    NotABulk(u8),
    /// The length of an argument that is no number, negative, or above 512 MiB.
    #[error("invalid bulk length")]
    BulkLength,
}

impl From<&ProtocolError> for Reply {
    fn from(error: &ProtocolError) -> Self {
        let mut text = b"ERR Protocol error: ".to_vec();
        match error {
            // As a byte, and not as the character of that number.
            ProtocolError::NotABulk(byte) => {
                text.extend_from_slice(b"expected '$', got '");
                text.extend_from_slice(&[*byte, b'\'']);
            }
            other => text.extend_from_slice(other.to_string().as_bytes()),
        }
        Reply::Error(text.into())
    }
}

/// Cuts what a connection sends into requests. Feed it what arrives, in pieces of any size.
///
/// ```
/// use selvedge_redis::resp::Requests;
///
/// let mut requests = Requests::default();
/// requests.feed(b"*2\r\n$3\r\nGET\r\n$1\r\n");
/// assert_eq!(requests.next(), Ok(None)); // not all of it is there
/// requests.feed(b"k\r\nPING\r\n");
/// assert_eq!(requests.next().unwrap().unwrap(), ["GET", "k"]);
/// assert_eq!(requests.next().unwrap().unwrap(), ["PING"]); // typed by hand
/// assert_eq!(requests.next(), Ok(None));
/// ```
#[derive(Debug, Default)]
pub struct Requests {
    buffer: BytesMut,
    /// How many arguments of the current request are still to come.
    missing: i64,
    /// The length of the argument that comes next, once it is known.
    length: Option<usize>,
    arguments: Vec<Bytes>,
    /// Bytes that `arguments` occupies, so that [`Self::unread`] does not sum them up for each piece that arrives.
    held: usize,
}

/// A line, or why there is none yet.
enum Line {
    Whole(Bytes),
    NotYet,
    TooLong,
}

impl Requests {
    /// Adds what has arrived.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes that are held for a request that is not complete: those not yet split, and its arguments so far. An argument
    /// counts with its content and with the memory of its handle, so that empty arguments count too. Constant time.
    pub fn unread(&self) -> usize {
        self.buffer.len() + self.held
    }

    /// The next request that is there as a whole.
    ///
    /// # Errors
    ///
    /// What was sent is no request. There is nothing to go on from: the connection has to be closed.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator that ends could not go on when more arrives"
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
            // An empty line and an empty array are no request, and have no reply.
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
                Line::Whole(line) => line,
                Line::NotYet => return Ok(false),
                Line::TooLong => return Err(ProtocolError::LongArrayLength),
            };
            let length = whole_number(&line[1..]).filter(|length| *length <= i64::from(i32::MAX));
            self.missing = length.ok_or(ProtocolError::ArrayLength)?.max(0);
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
                    Line::Whole(line) => line,
                    Line::NotYet => return Ok(None),
                    Line::TooLong => return Err(ProtocolError::LongBulkLength),
                };
                let first = line.first().copied().unwrap_or(b'\r');
                if first != b'$' {
                    return Err(ProtocolError::NotABulk(first));
                }
                let length = whole_number(&line[1..]).filter(|length| (0..=MAX_BULK).contains(length));
                let length = length.ok_or(ProtocolError::BulkLength)? as usize;
                *self.length.insert(length)
            }
        };
        if self.buffer.len() < length + 2 {
            return Ok(None);
        }
        self.length = None;
        let argument = Bytes::copy_from_slice(&self.buffer[..length]);
        // Redis does not look at the two bytes behind it either.
        self.buffer.advance(length + 2);
        Ok(Some(argument))
    }

    /// A line up to its CR; the byte after that is taken to be an LF, as Redis does.
    fn line(&mut self) -> Line {
        match self.find(b'\r') {
            None if self.buffer.len() > MAX_LINE => Line::TooLong,
            Some(end) if end + 2 <= self.buffer.len() => {
                let line = Bytes::copy_from_slice(&self.buffer[..end]);
                self.buffer.advance(end + 2);
                Line::Whole(line)
            }
            _ => Line::NotYet,
        }
    }

    /// Where the byte is. Redis looks for it with `strchr`, which does not see past a NUL.
    fn find(&self, byte: u8) -> Option<usize> {
        memchr::memchr2(byte, 0, &self.buffer).filter(|&at| self.buffer[at] == byte)
    }
}

/// A number as Redis reads one: digits with nothing around them, and one way to write each.
pub(crate) fn whole_number(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let canonical = match digits {
        [b'0'] => text.len() == 1,
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if canonical { std::str::from_utf8(text).ok()?.parse().ok() } else { None }
}
