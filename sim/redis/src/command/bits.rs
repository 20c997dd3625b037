//! Strings as bits: `SETBIT`, `BITCOUNT`, `BITPOS`, `BITOP` and related commands. Bit 0 is the most
//! significant bit of the first byte.

use bytes::Bytes;

use super::arguments::{integer, is};
use super::{Answer, Call, ErrorReply};
use crate::keyspace::Value;
use crate::notify::Events;
use crate::resp::{Reply, whole_number};

/// Maximum length of a string, in bits.
const MAX_BITS: i64 = 512 * 1024 * 1024 * 8;

const BAD_OFFSET: ErrorReply = ErrorReply::fixed("ERR bit offset is not an integer or out of range");

/// Parses the offset of a bit.
pub(super) fn bit_offset(number: Option<i64>) -> Result<usize, ErrorReply> {
    let offset = number.filter(|offset| (0..MAX_BITS).contains(offset)).ok_or(BAD_OFFSET)?;
    usize::try_from(offset).map_err(|_| BAD_OFFSET)
}

/// The bit at this offset; bits beyond the end are clear.
pub(super) fn bit(text: &[u8], offset: usize) -> bool {
    text.get(offset / 8).is_some_and(|byte| byte >> (7 - offset % 8) & 1 == 1)
}

pub(super) fn set_bit(text: &mut [u8], offset: usize, is_set: bool) {
    let mask = 1 << (7 - offset % 8);
    if is_set { text[offset / 8] |= mask } else { text[offset / 8] &= !mask }
}

pub(super) fn setbit(call: &mut Call<'_>) -> Answer {
    let [_, key, offset, value] = call.words else { return call.wrong_arity() };
    let offset = bit_offset(whole_number(offset))?;
    let value = match whole_number(value) {
        Some(number @ (0 | 1)) => number == 1,
        _ => return Err(ErrorReply::fixed("ERR bit is not an integer or out of range")),
    };
    let old = call.text_to_change(key)?;
    let old_length = old.as_ref().map(Bytes::len);
    let mut text = old.unwrap_or_default().to_vec();
    text.resize(text.len().max(offset / 8 + 1), 0);
    let was_set = bit(&text, offset);
    if was_set != value || old_length != Some(text.len()) {
        set_bit(&mut text, offset, value);
        call.insert(key, Value::Text(text.into()));
        call.modified(key);
        call.notify(Events::STRING, "setbit", key);
    }
    Ok(was_set.into())
}

pub(super) fn getbit(call: &mut Call<'_>) -> Answer {
    let offset = bit_offset(whole_number(&call.words[2]))?;
    let text = call.text(&call.words[1])?.unwrap_or_default();
    Ok(bit(&text, offset).into())
}

/// Parses `BIT` or `BYTE`: whether a range counts bits.
fn counts_bits(word: &Bytes) -> Result<bool, ErrorReply> {
    match () {
        () if is(word, "bit") => Ok(true),
        () if is(word, "byte") => Ok(false),
        () => Err(ErrorReply::SYNTAX),
    }
}

/// The bits from `start` to `end`: both inclusive, negative ones from the end. Empty if `start` is
/// greater.
fn bit_range(start: i64, end: i64, len: usize, is_bits: bool) -> std::ops::Range<usize> {
    let total = if is_bits { len as i64 * 8 } else { len as i64 };
    let from_end = |index: i64| if index < 0 { index.saturating_add(total).max(0) } else { index };
    let (start, end) = (from_end(start), from_end(end).min(total - 1));
    if start > end {
        return 0..0;
    }
    let unit = if is_bits { 1 } else { 8 };
    start as usize * unit..(end as usize + 1) * unit
}

pub(super) fn bitcount(call: &mut Call<'_>) -> Answer {
    let Some(text) = call.text(&call.words[1])? else { return Ok(Reply::Integer(0)) };
    let range = match &call.words[2..] {
        [] => 0..text.len() * 8,
        [start, end, unit @ ..] if unit.len() < 2 => {
            let (start, end) = (integer(start)?, integer(end)?);
            if start < 0 && end < 0 && start > end {
                return Ok(Reply::Integer(0));
            }
            let is_bits = unit.first().map_or(Ok(false), counts_bits)?;
            bit_range(start, end, text.len(), is_bits)
        }
        _ => return Err(ErrorReply::SYNTAX),
    };
    Ok(Reply::count(range.filter(|offset| bit(&text, *offset)).count()))
}

pub(super) fn bitpos(call: &mut Call<'_>) -> Answer {
    let wanted = match integer(&call.words[2])? {
        0 => false,
        1 => true,
        _ => return Err(ErrorReply::fixed("ERR The bit argument must be 1 or 0.")),
    };
    let Some(text) = call.text(&call.words[1])? else {
        return Ok(Reply::Integer(if wanted { -1 } else { 0 }));
    };
    let (range, has_end) = match &call.words[3..] {
        [] => (0..text.len() * 8, false),
        [start] => (bit_range(integer(start)?, -1, text.len(), false), false),
        [start, end, unit @ ..] if unit.len() < 2 => {
            let start = integer(start)?;
            let is_bits = unit.first().map_or(Ok(false), counts_bits)?;
            (bit_range(start, integer(end)?, text.len(), is_bits), true)
        }
        _ => return Err(ErrorReply::SYNTAX),
    };
    let end = range.end;
    let is_empty = range.is_empty();
    let found = { range }.find(|offset| bit(&text, *offset) == wanted);
    Ok(match found {
        Some(offset) => Reply::count(offset),
        // Without an end, clear bits follow the string.
        None if !wanted && !has_end && !is_empty => Reply::count(end),
        None => Reply::Integer(-1),
    })
}

pub(super) fn bitop(call: &mut Call<'_>) -> Answer {
    let (name, destination, keys) = (&call.words[1], &call.words[2], &call.words[3..]);
    let combine: fn(u8, u8) -> u8 = match () {
        () if is(name, "and") => |one, other| one & other,
        () if is(name, "or") => |one, other| one | other,
        () if is(name, "xor") => |one, other| one ^ other,
        () if is(name, "not") => |one, _| one,
        () => return Err(ErrorReply::SYNTAX),
    };
    let negates = is(name, "not");
    if negates && keys.len() != 1 {
        return Err(ErrorReply::fixed("ERR BITOP NOT must be called with a single source key."));
    }
    let mut texts = Vec::new();
    for key in keys {
        texts.push(call.text(key)?.unwrap_or_default());
    }
    let length = texts.iter().map(Bytes::len).max().unwrap_or(0);
    let byte = |text: &Bytes, at: usize| text.get(at).copied().unwrap_or(0);
    let result: Vec<u8> = (0..length)
        .map(|at| {
            let combined = texts.iter().map(|text| byte(text, at)).reduce(combine).unwrap_or(0);
            if negates { !combined } else { combined }
        })
        .collect();
    let value = (length > 0).then(|| Value::Text(result.into()));
    call.store_result(destination, value, Events::STRING, "set");
    Ok(Reply::count(length))
}
