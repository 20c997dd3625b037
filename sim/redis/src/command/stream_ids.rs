//! Identifiers of stream entries in commands.

use bytes::Bytes;

use super::ErrorReply;
use crate::keyspace::StreamId;

const INVALID: ErrorReply = ErrorReply::fixed("ERR Invalid stream ID specified as stream command argument");

/// Redis copies an identifier into a buffer of this size, with a NUL.
const MOST: usize = 127;

/// Parses `5-3`. Without the second number, it is `missing`.
pub(super) fn strict(word: &[u8], missing: u64) -> Result<StreamId, ErrorReply> {
    if word.len() > MOST {
        return Err(INVALID);
    }
    let mut parts = word.splitn(2, |byte| *byte == b'-');
    let millis = parts.next().and_then(number).ok_or(INVALID)?;
    let sequence = match parts.next() {
        Some(sequence) => number(sequence).ok_or(INVALID)?,
        None => missing,
    };
    Ok(StreamId { millis, sequence })
}

/// Parses an identifier, or `-` or `+` for the least and the greatest.
pub(super) fn any(word: &[u8], missing: u64) -> Result<StreamId, ErrorReply> {
    match word {
        b"-" => Ok(StreamId::MIN),
        b"+" => Ok(StreamId::MAX),
        _ => strict(word, missing),
    }
}

/// The identifier of a new entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NewId {
    /// The server chooses it: `*`.
    Any,
    /// The server chooses the second number: `5-*`.
    Millis(u64),
    Exact(StreamId),
}

impl NewId {
    /// Parses the identifier of a new entry, except `*`.
    pub(super) fn parse(word: &[u8]) -> Result<Self, ErrorReply> {
        match word.strip_suffix(b"-*") {
            Some(millis) if word.len() <= MOST && !millis.contains(&b'-') => {
                number(millis).map(NewId::Millis).ok_or(INVALID)
            }
            _ => strict(word, 0).map(NewId::Exact),
        }
    }
}

/// Parses the start of an interval. `(` before it excludes it.
pub(super) fn start(word: &Bytes) -> Result<StreamId, ErrorReply> {
    let error = ErrorReply::fixed("ERR invalid start ID for the interval");
    match excluded(word) {
        Some(id) => strict(id, 0)?.next().ok_or(error),
        None => any(word, 0),
    }
}

/// Parses the end of an interval. `(` before it excludes it.
pub(super) fn end(word: &Bytes) -> Result<StreamId, ErrorReply> {
    let error = ErrorReply::fixed("ERR invalid end ID for the interval");
    match excluded(word) {
        Some(id) => strict(id, u64::MAX)?.previous().ok_or(error),
        None => any(word, u64::MAX),
    }
}

fn excluded(word: &[u8]) -> Option<&[u8]> {
    word.strip_prefix(b"(").filter(|id| !id.is_empty())
}

/// Parses a number as Redis does: canonical digits, or what C's `strtoull` accepts.
fn number(text: &[u8]) -> Option<u64> {
    let is_plainly_negative = crate::resp::whole_number(text).is_some_and(|number| number < 0);
    if is_plainly_negative {
        return None;
    }
    let trimmed = text.trim_ascii_start();
    let (is_negative, digits) = match trimmed {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(if is_negative { number.wrapping_neg() } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_c() {
        let id = |word: &str| strict(word.as_bytes(), 7).ok().map(|id| id.to_string());
        for (word, expected) in [
            ("5-3", Some("5-3")),
            ("5", Some("5-7")),
            ("007-+1", Some("7-1")),
            (" 5- -1", Some("5-18446744073709551615")),
            ("18446744073709551615", Some("18446744073709551615-7")),
            ("18446744073709551616", None),
            ("5--1", None),
            ("-5", None),
            ("5-", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(id(word).as_deref(), expected, "{word:?}");
        }
    }
}
