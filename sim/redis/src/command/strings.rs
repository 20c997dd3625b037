//! Strings: `GET`, `SET` and related commands.

use bytes::Bytes;

use super::arguments::{integer, is, pairs};
use super::expiry::{self, Expiry, Unit};
use super::long_double::LongDouble;
use super::{Answer, Call, ErrorReply};
use crate::keyspace::Value;
use crate::notify::Events;
use crate::resp::{self, Reply};

/// Maximum length of a string, in bytes (`proto-max-bulk-len`).
const MAX_LENGTH: usize = 512 * 1024 * 1024;

/// Rejects a string of `before + more` bytes if it is too long.
pub(super) fn check_length(before: usize, more: usize) -> Result<(), ErrorReply> {
    if before.saturating_add(more) <= MAX_LENGTH {
        return Ok(());
    }
    Err(ErrorReply::fixed("ERR string exceeds maximum allowed size (proto-max-bulk-len)"))
}

impl Call<'_> {
    pub(super) fn text(&mut self, key: &Bytes) -> Result<Option<Bytes>, ErrorReply> {
        text(self.read(key))
    }

    pub(super) fn text_to_change(&mut self, key: &Bytes) -> Result<Option<Bytes>, ErrorReply> {
        text(self.write(key).map(|value| &*value))
    }

    /// Sets a key of any type, and reports the modification.
    fn set(&mut self, key: &Bytes, value: &Bytes, keeps_deadline: bool) {
        self.write(key);
        self.insert(key, Value::Text(value.clone()));
        if !keeps_deadline {
            self.data().set_deadline(key, None);
        }
        self.modified(key);
        self.notify(Events::STRING, "set", key);
    }
}

fn text(value: Option<&Value>) -> Result<Option<Bytes>, ErrorReply> {
    match value {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ErrorReply::WRONG_TYPE),
    }
}

pub(super) fn get(call: &mut Call<'_>) -> Answer {
    Ok(call.text(&call.words[1])?.into())
}

/// The options of `SET` and `GETEX`.
#[derive(Debug, Default)]
struct Options<'a> {
    if_absent: bool,
    if_present: bool,
    gets: bool,
    keeps_deadline: bool,
    persists: bool,
    expiry: Option<Expiry<'a>>,
}

impl<'a> Options<'a> {
    fn of_set(words: &'a [Bytes]) -> Result<Self, ErrorReply> {
        let mut options = Options::default();
        let mut rest = words;
        while let Some((word, after)) = rest.split_first() {
            rest = after;
            if is(word, "nx") && !options.if_present {
                options.if_absent = true;
            } else if is(word, "xx") && !options.if_absent {
                options.if_present = true;
            } else if is(word, "get") {
                options.gets = true;
            } else if is(word, "keepttl") && options.expiry.is_none() {
                options.keeps_deadline = true;
            } else {
                rest = options.expiry(word, rest)?;
            }
        }
        Ok(options)
    }

    fn of_getex(words: &'a [Bytes]) -> Result<Self, ErrorReply> {
        let mut options = Options::default();
        let mut rest = words;
        while let Some((word, after)) = rest.split_first() {
            rest = after;
            if is(word, "persist") && options.expiry.is_none() {
                options.persists = true;
            } else {
                rest = options.expiry(word, rest)?;
            }
        }
        Ok(options)
    }

    /// Parses `EX`, `PX`, `EXAT` or `PXAT`, at most one of which may occur. Returns the words after
    /// its number.
    fn expiry(&mut self, word: &[u8], rest: &'a [Bytes]) -> Result<&'a [Bytes], ErrorReply> {
        let (unit, is_absolute) = match &word.to_ascii_lowercase()[..] {
            b"ex" => (Unit::Seconds, false),
            b"px" => (Unit::Milliseconds, false),
            b"exat" => (Unit::Seconds, true),
            b"pxat" => (Unit::Milliseconds, true),
            _ => return Err(ErrorReply::SYNTAX),
        };
        let is_other = |old: &Expiry<'_>| (old.unit, old.is_absolute) != (unit, is_absolute);
        if self.keeps_deadline || self.persists || self.expiry.as_ref().is_some_and(is_other) {
            return Err(ErrorReply::SYNTAX);
        }
        let (number, after) = rest.split_first().ok_or(ErrorReply::SYNTAX)?;
        self.expiry = Some(Expiry { number, unit, is_absolute });
        Ok(after)
    }
}

pub(super) fn set(call: &mut Call<'_>) -> Answer {
    let options = Options::of_set(&call.words[3..])?;
    set_with(call, &call.words[2], &options)
}

fn set_with(call: &mut Call<'_>, value: &Bytes, options: &Options<'_>) -> Answer {
    let key = &call.words[1];
    let deadline = options.expiry.as_ref().map(|expiry| expiry.deadline(call)).transpose()?;
    let old = if options.gets { Some(Reply::from(call.text(key)?)) } else { None };
    let is_there = call.write(key).is_some();
    if (options.if_absent && is_there) || (options.if_present && !is_there) {
        return Ok(old.unwrap_or(Reply::Null));
    }
    call.set(key, value, options.keeps_deadline);
    if deadline.is_some() {
        call.data().set_deadline(key, deadline);
        call.notify(Events::GENERIC, "expire", key);
    }
    Ok(old.unwrap_or(Reply::OK))
}

pub(super) fn setex(call: &mut Call<'_>) -> Answer {
    set_for(call, Unit::Seconds)
}

pub(super) fn psetex(call: &mut Call<'_>) -> Answer {
    set_for(call, Unit::Milliseconds)
}

fn set_for(call: &mut Call<'_>, unit: Unit) -> Answer {
    let expiry = Expiry { number: &call.words[2], unit, is_absolute: false };
    set_with(call, &call.words[3], &Options { expiry: Some(expiry), ..Options::default() })
}

pub(super) fn setnx(call: &mut Call<'_>) -> Answer {
    let options = Options { if_absent: true, ..Options::default() };
    Ok((set_with(call, &call.words[2], &options)? == Reply::OK).into())
}

pub(super) fn getset(call: &mut Call<'_>) -> Answer {
    let old = call.text(&call.words[1])?;
    call.set(&call.words[1], &call.words[2], false);
    Ok(old.into())
}

pub(super) fn getex(call: &mut Call<'_>) -> Answer {
    let key = &call.words[1];
    let options = Options::of_getex(&call.words[2..])?;
    let Some(value) = call.text(key)? else { return Ok(Reply::Null) };
    if let Some(expiry) = &options.expiry {
        let deadline = expiry.deadline(call)?;
        expiry::expire_at(call, key, deadline);
    } else if options.persists && call.data().set_deadline(key, None).is_some() {
        call.modified(key);
        call.notify(Events::GENERIC, "persist", key);
    }
    Ok(Reply::Bulk(value))
}

pub(super) fn getdel(call: &mut Call<'_>) -> Answer {
    let key = &call.words[1];
    let Some(value) = call.text(key)? else { return Ok(Reply::Null) };
    call.remove(key);
    call.modified(key);
    call.notify(Events::GENERIC, "del", key);
    Ok(Reply::Bulk(value))
}

pub(super) fn mget(call: &mut Call<'_>) -> Answer {
    let keys = &call.words[1..];
    // A value of another type counts as missing.
    Ok(Reply::Array(keys.iter().map(|key| call.text(key).unwrap_or_default().into()).collect()))
}

pub(super) fn mset(call: &mut Call<'_>) -> Answer {
    if call.words.len().is_multiple_of(2) {
        return call.wrong_arity();
    }
    for (key, value) in pairs(&call.words[1..]) {
        call.set(key, value, false);
    }
    Ok(Reply::OK)
}

pub(super) fn msetnx(call: &mut Call<'_>) -> Answer {
    if call.words.len().is_multiple_of(2) {
        return call.wrong_arity();
    }
    if pairs(&call.words[1..]).any(|(key, _)| call.write(key).is_some()) {
        return Ok(false.into());
    }
    for (key, value) in pairs(&call.words[1..]) {
        call.set(key, value, false);
    }
    Ok(true.into())
}

pub(super) fn append(call: &mut Call<'_>) -> Answer {
    let (key, more) = (&call.words[1], &call.words[2]);
    let old = call.text_to_change(key)?;
    let is_new = old.is_none();
    let old = old.unwrap_or_default();
    let length = old.len() + more.len();
    if !is_new {
        check_length(old.len(), more.len())?;
    }
    call.insert(key, Value::Text([&old[..], &more[..]].concat().into()));
    call.modified(key);
    call.notify(Events::STRING, "append", key);
    Ok(Reply::count(length))
}

pub(super) fn strlen(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.text(&call.words[1])?.map_or(0, |text| text.len())))
}

pub(super) fn incr(call: &mut Call<'_>) -> Answer {
    add(call, 1)
}

pub(super) fn decr(call: &mut Call<'_>) -> Answer {
    add(call, -1)
}

pub(super) fn incrby(call: &mut Call<'_>) -> Answer {
    add(call, integer(&call.words[2])?)
}

pub(super) fn decrby(call: &mut Call<'_>) -> Answer {
    let less = integer(&call.words[2])?;
    let more = less.checked_neg().ok_or(ErrorReply::fixed("ERR decrement would overflow"))?;
    add(call, more)
}

fn add(call: &mut Call<'_>, more: i64) -> Answer {
    let key = &call.words[1];
    let old = call.text_to_change(key)?.map_or(Ok(0), |text| integer(&text))?;
    let sum = old.checked_add(more).ok_or(ErrorReply::OVERFLOW)?;
    call.insert(key, Value::Text(resp::integer(sum).into()));
    call.modified(key);
    call.notify(Events::STRING, "incrby", key);
    Ok(Reply::Integer(sum))
}

pub(super) fn incrbyfloat(call: &mut Call<'_>) -> Answer {
    let key = &call.words[1];
    let parse = |text: &[u8]| LongDouble::parse(text).ok_or(ErrorReply::NOT_A_FLOAT);
    let old = call.text_to_change(key)?.map_or(Ok(LongDouble::ZERO), |text| parse(&text))?;
    let more = parse(&call.words[2])?;
    let sum = old.plus(&more).ok_or(ErrorReply::fixed("ERR increment would produce NaN or Infinity"))?;
    let sum = Bytes::from(sum.to_string());
    call.insert(key, Value::Text(sum.clone()));
    call.modified(key);
    call.notify(Events::STRING, "incrbyfloat", key);
    Ok(Reply::Bulk(sum))
}
