//! Parsing of arguments, with Redis' rules.

use bytes::Bytes;

use super::ErrorReply;
use crate::resp::whole_number;

pub(super) fn integer(text: &[u8]) -> Result<i64, ErrorReply> {
    whole_number(text).ok_or(ErrorReply::NOT_AN_INTEGER)
}

/// Parses a non-negative count.
pub(super) fn positive(text: &[u8]) -> Result<usize, ErrorReply> {
    let number = whole_number(text).ok_or(ErrorReply::NOT_POSITIVE)?;
    usize::try_from(number).map_err(|_| ErrorReply::NOT_POSITIVE)
}

/// Parses a floating-point number as C's `strtod` does, except hexadecimal numbers. The whole text
/// must match.
pub(super) fn float(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    text.parse::<f64>().ok().filter(|number| !number.is_nan())
}

/// Whether the argument equals `word`, ignoring ASCII case.
pub(super) fn is(argument: &[u8], word: &str) -> bool {
    argument.eq_ignore_ascii_case(word.as_bytes())
}

/// The indices of a list from `start` to `stop`: both inclusive, negative ones from the end.
pub(super) fn range(start: i64, stop: i64, len: usize) -> std::ops::Range<usize> {
    let len = len as i64;
    let from_end = |index: i64| if index < 0 { index.saturating_add(len) } else { index };
    let (start, stop) = (from_end(start).max(0), from_end(stop).min(len - 1));
    if start > stop { 0..0 } else { start as usize..stop as usize + 1 }
}

/// Iterates over the arguments as pairs.
pub(super) fn pairs(arguments: &[Bytes]) -> impl Iterator<Item = (&Bytes, &Bytes)> {
    arguments.chunks_exact(2).map(|pair| (&pair[0], &pair[1]))
}
