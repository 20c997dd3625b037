//! `DUMP` and `RESTORE`.

use super::arguments::{integer, is};
use super::{Answer, Call, ErrorReply};
use crate::dump::{DumpError, decode, encode};
use crate::notify::Events;
use crate::resp::{NO_STREAM_DUMP, Reply};

pub(super) fn dump(call: &mut Call<'_>) -> Answer {
    let Some(value) = call.read(&call.words[1]) else { return Ok(Reply::Null) };
    encode(value).map(Reply::bulk).ok_or(ErrorReply::fixed(NO_STREAM_DUMP))
}

/// The options of `RESTORE`. `IDLETIME` and `FREQ` are checked, and have no effect.
#[derive(Debug, Default)]
struct Options {
    replaces: bool,
    is_absolute: bool,
}

impl Options {
    fn parse(words: &[bytes::Bytes]) -> Result<Self, ErrorReply> {
        let mut options = Options::default();
        let (mut has_idle, mut has_freq) = (false, false);
        let mut rest = words;
        while let Some((word, after)) = rest.split_first() {
            rest = after;
            match after {
                _ if is(word, "replace") => options.replaces = true,
                _ if is(word, "absttl") => options.is_absolute = true,
                [number, after @ ..] if is(word, "idletime") && !has_freq => {
                    if integer(number)? < 0 {
                        return Err(ErrorReply::fixed("ERR Invalid IDLETIME value, must be >= 0"));
                    }
                    has_idle = true;
                    rest = after;
                }
                [number, after @ ..] if is(word, "freq") && !has_idle => {
                    if !(0..=255).contains(&integer(number)?) {
                        return Err(ErrorReply::fixed("ERR Invalid FREQ value, must be >= 0 and <= 255"));
                    }
                    has_freq = true;
                    rest = after;
                }
                _ => return Err(ErrorReply::SYNTAX),
            }
        }
        Ok(options)
    }
}

pub(super) fn restore(call: &mut Call<'_>) -> Answer {
    let [_, key, ttl, payload, ..] = call.words else { return call.wrong_arity() };
    let options = Options::parse(&call.words[4..])?;
    if !options.replaces && call.write(key).is_some() {
        return Err(ErrorReply::fixed("BUSYKEY Target key name already exists."));
    }
    let ttl = integer(ttl)?;
    if ttl < 0 {
        return Err(ErrorReply::fixed("ERR Invalid TTL value, must be >= 0"));
    }
    let value = decode(payload).map_err(|error| match error {
        DumpError::VersionOrChecksum => ErrorReply::fixed("ERR DUMP payload version or checksum are wrong"),
        DumpError::BadFormat => ErrorReply::fixed("ERR Bad data format"),
    })?;
    let was_removed = options.replaces && call.remove(key);
    let base = if options.is_absolute { 0 } else { call.now() };
    let deadline = (ttl > 0).then(|| ttl.saturating_add(base));
    if deadline.is_some_and(|deadline| deadline <= call.now()) {
        if was_removed {
            call.modified(key);
            call.notify(Events::GENERIC, "del", key);
        }
        return Ok(Reply::OK);
    }
    call.insert(key, value);
    call.data().set_deadline(key, deadline);
    call.modified(key);
    call.notify(Events::GENERIC, "restore", key);
    Ok(Reply::OK)
}
