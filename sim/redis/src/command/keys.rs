//! Keys of any type: `DEL`, `EXISTS`, `RENAME` and related commands.

use super::{Answer, Call, ErrorReply};
use crate::glob::matches;
use crate::keyspace::Value;
use crate::notify::Events;
use crate::resp::Reply;

/// `DEL` and `UNLINK`. They differ in Redis only in when memory is freed.
pub(super) fn del(call: &mut Call<'_>) -> Answer {
    let mut removed = 0;
    for key in &call.words[1..] {
        call.server.expire_if_due(call.database, key);
        if call.remove(key) {
            call.modified(key);
            call.notify(Events::GENERIC, "del", key);
            removed += 1;
        }
    }
    Ok(Reply::Integer(removed))
}

pub(super) fn exists(call: &mut Call<'_>) -> Answer {
    let keys = &call.words[1..];
    Ok(Reply::count(keys.iter().filter(|key| call.read(key).is_some()).count()))
}

/// `TYPE`.
pub(super) fn kind(call: &mut Call<'_>) -> Answer {
    Ok(Reply::status(call.read(&call.words[1]).map_or("none", Value::kind)))
}

pub(super) fn rename(call: &mut Call<'_>) -> Answer {
    let [_, from, to] = call.words else { return call.wrong_arity() };
    if call.write(from).is_none() {
        return Err(ErrorReply::NO_SUCH_KEY);
    }
    if from == to {
        return Ok(Reply::OK);
    }
    call.write(to);
    call.remove(to);
    let Some((value, deadline)) = call.data().remove(from) else { return Err(ErrorReply::NO_SUCH_KEY) };
    call.insert(to, value);
    call.data().set_deadline(to, deadline);
    call.modified(from);
    call.modified(to);
    call.notify(Events::GENERIC, "rename_from", from);
    call.notify(Events::GENERIC, "rename_to", to);
    Ok(Reply::OK)
}

pub(super) fn keys(call: &mut Call<'_>) -> Answer {
    let pattern = &call.words[1];
    let keys = call.server.keys(call.database, call.server.now);
    Ok(Reply::Array(keys.filter(|key| matches(pattern, key)).cloned().map(Reply::Bulk).collect()))
}

pub(super) fn dbsize(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.data().len()))
}
