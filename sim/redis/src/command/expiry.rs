//! Deadlines: `EXPIRE`, `TTL`, `PERSIST` and related commands.

use bytes::Bytes;

use super::arguments::integer;
use super::{Answer, Call, ErrorReply};
use crate::notify::Events;
use crate::resp::Reply;

/// The unit of a deadline argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
}

/// A deadline as given in a command.
#[derive(Debug)]
pub(super) struct Expiry<'a> {
    pub(super) number: &'a Bytes,
    pub(super) unit: Unit,
    /// Relative to the Unix epoch instead of to the current time.
    pub(super) is_absolute: bool,
}

impl Expiry<'_> {
    /// The deadline by the rules of `SET` and `GETEX`: it may have passed, but its number must be
    /// positive.
    pub(super) fn deadline(&self, call: &Call<'_>) -> Result<i64, ErrorReply> {
        let number = integer(self.number)?;
        let millis = self.in_millis(number);
        let base = if self.is_absolute { 0 } else { call.now() };
        let deadline = millis.filter(|_| number > 0).and_then(|millis| millis.checked_add(base));
        deadline.ok_or_else(|| invalid(call))
    }

    /// The deadline by the rules of `EXPIRE`: its number may have any sign.
    fn any_deadline(&self, call: &Call<'_>) -> Result<i64, ErrorReply> {
        let millis = self.in_millis(integer(self.number)?).ok_or_else(|| invalid(call))?;
        let base = if self.is_absolute { 0 } else { call.now() };
        millis.checked_add(base).ok_or_else(|| invalid(call))
    }

    fn in_millis(&self, number: i64) -> Option<i64> {
        match self.unit {
            Unit::Seconds => number.checked_mul(1000),
            Unit::Milliseconds => Some(number),
        }
    }
}

fn invalid(call: &Call<'_>) -> ErrorReply {
    ErrorReply::new(format!("ERR invalid expire time in '{}' command", call.spec.name))
}

pub(super) fn expire(call: &mut Call<'_>) -> Answer {
    set_deadline(call, Unit::Seconds, false)
}

pub(super) fn pexpire(call: &mut Call<'_>) -> Answer {
    set_deadline(call, Unit::Milliseconds, false)
}

pub(super) fn expireat(call: &mut Call<'_>) -> Answer {
    set_deadline(call, Unit::Seconds, true)
}

pub(super) fn pexpireat(call: &mut Call<'_>) -> Answer {
    set_deadline(call, Unit::Milliseconds, true)
}

/// The conditions under which `EXPIRE` sets the deadline.
#[derive(Debug, Default)]
struct Condition {
    if_none: bool,
    if_any: bool,
    if_greater: bool,
    if_less: bool,
}

impl Condition {
    fn parse(words: &[Bytes]) -> Result<Self, ErrorReply> {
        let mut condition = Condition::default();
        for word in words {
            let flag = match &word.to_ascii_lowercase()[..] {
                b"nx" => &mut condition.if_none,
                b"xx" => &mut condition.if_any,
                b"gt" => &mut condition.if_greater,
                b"lt" => &mut condition.if_less,
                _ => return Err(ErrorReply::about("ERR Unsupported option ", word, "")),
            };
            *flag = true;
        }
        if condition.if_none && (condition.if_any || condition.if_greater || condition.if_less) {
            let text = "ERR NX and XX, GT or LT options at the same time are not compatible";
            return Err(ErrorReply::fixed(text));
        }
        if condition.if_greater && condition.if_less {
            return Err(ErrorReply::fixed("ERR GT and LT options at the same time are not compatible"));
        }
        Ok(condition)
    }

    /// Whether the new deadline satisfies the condition. A missing deadline counts as infinitely
    /// late.
    fn holds(&self, old: Option<i64>, new: i64) -> bool {
        !(self.if_none && old.is_some()
            || self.if_any && old.is_none()
            || self.if_greater && old.is_none_or(|old| new <= old)
            || self.if_less && old.is_some_and(|old| new >= old))
    }
}

fn set_deadline(call: &mut Call<'_>, unit: Unit, is_absolute: bool) -> Answer {
    let key = &call.words[1];
    let condition = Condition::parse(&call.words[3..])?;
    let deadline = Expiry { number: &call.words[2], unit, is_absolute }.any_deadline(call)?;
    if call.write(key).is_none() {
        return Ok(false.into());
    }
    let old = call.data().deadline(key);
    if !condition.holds(old, deadline) {
        return Ok(false.into());
    }
    expire_at(call, key, deadline);
    Ok(true.into())
}

/// Sets the deadline of an existing key. Removes the key at once if the deadline has passed.
pub(super) fn expire_at(call: &mut Call<'_>, key: &Bytes, deadline: i64) {
    if deadline <= call.now() {
        call.remove(key);
        call.modified(key);
        call.notify(Events::GENERIC, "del", key);
    } else {
        call.data().set_deadline(key, Some(deadline));
        call.modified(key);
        call.notify(Events::GENERIC, "expire", key);
    }
}

pub(super) fn ttl(call: &mut Call<'_>) -> Answer {
    // Rounded to the nearest second.
    Ok(Reply::Integer(remaining(call).map_or_else(|none| none, |millis| (millis + 500) / 1000)))
}

pub(super) fn pttl(call: &mut Call<'_>) -> Answer {
    Ok(Reply::Integer(remaining(call).unwrap_or_else(|none| none)))
}

pub(super) fn expiretime(call: &mut Call<'_>) -> Answer {
    Ok(Reply::Integer(deadline(call).map_or_else(|none| none, |millis| (millis + 500) / 1000)))
}

pub(super) fn pexpiretime(call: &mut Call<'_>) -> Answer {
    Ok(Reply::Integer(deadline(call).unwrap_or_else(|none| none)))
}

/// The remaining time to live in milliseconds, or the reply of `TTL` for a key without one.
fn remaining(call: &mut Call<'_>) -> Result<i64, i64> {
    Ok((deadline(call)? - call.now()).max(0))
}

/// The deadline, or the reply of `TTL` for a key without one.
fn deadline(call: &mut Call<'_>) -> Result<i64, i64> {
    let key = &call.words[1];
    call.read(key).ok_or(-2)?;
    call.data().deadline(key).ok_or(-1)
}

pub(super) fn persist(call: &mut Call<'_>) -> Answer {
    let key = &call.words[1];
    let had = call.write(key).is_some() && call.data().set_deadline(key, None).is_some();
    if had {
        call.modified(key);
        call.notify(Events::GENERIC, "persist", key);
    }
    Ok(had.into())
}
