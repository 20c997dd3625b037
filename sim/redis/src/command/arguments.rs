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

/// Parses an integer of at least `least`. The error is `text` in each case.
pub(super) fn at_least(least: i64, word: &[u8], text: &'static str) -> Result<i64, ErrorReply> {
    whole_number(word).filter(|number| *number >= least).ok_or(ErrorReply::fixed(text))
}

/// Parses a floating-point number as C's `strtod` does, except hexadecimal numbers. The whole text
/// must match.
pub(super) fn float(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    text.parse::<f64>().ok().filter(|number| !number.is_nan())
}

/// Parses a floating-point number as a command's argument: one that does not fit is an error.
pub(super) fn finite_or_named(text: &[u8]) -> Option<f64> {
    let number = float(text)?;
    let is_named = text.iter().any(|byte| byte.eq_ignore_ascii_case(&b'n'));
    let digits = text.split(|byte| byte.eq_ignore_ascii_case(&b'e')).next().unwrap_or_default();
    let underflows = number == 0.0 && digits.iter().any(|byte| (b'1'..=b'9').contains(byte));
    ((number.is_finite() || is_named) && !underflows).then_some(number)
}

/// The keys of a command whose word at `at` is their number, and the words after them.
pub(super) fn counted(words: &[Bytes], at: usize) -> Result<(&[Bytes], &[Bytes]), ErrorReply> {
    let count = at_least(1, &words[at], "ERR numkeys should be greater than 0")?;
    let rest = &words[at + 1..];
    // At least one word follows the keys.
    let count = usize::try_from(count).ok().filter(|count| *count < rest.len());
    Ok(rest.split_at(count.ok_or(ErrorReply::SYNTAX)?))
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
