//! Keys of any type: `DEL`, `EXISTS`, `RENAME` and related commands.

use super::arguments::is;
use super::connection::{database, int};
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
    rename_if(call, true).map(|_| Reply::OK)
}

pub(super) fn renamenx(call: &mut Call<'_>) -> Answer {
    rename_if(call, false).map(Reply::from)
}

/// Renames a key, and returns whether it did. Replaces an existing key only if `replaces`.
fn rename_if(call: &mut Call<'_>, replaces: bool) -> Result<bool, ErrorReply> {
    let (from, to) = (&call.words[1], &call.words[2]);
    if call.write(from).is_none() {
        return Err(ErrorReply::NO_SUCH_KEY);
    }
    if from == to {
        return Ok(false);
    }
    if call.write(to).is_some() && !replaces {
        return Ok(false);
    }
    call.remove(to);
    let Some((value, deadline)) = call.data().remove(from) else { return Err(ErrorReply::NO_SUCH_KEY) };
    call.insert(to, value);
    call.data().set_deadline(to, deadline);
    call.modified(from);
    call.modified(to);
    call.notify(Events::GENERIC, "rename_from", from);
    call.notify(Events::GENERIC, "rename_to", to);
    Ok(true)
}

const SAME_OBJECT: ErrorReply = ErrorReply::fixed("ERR source and destination objects are the same");

/// `MOVE`: to another database.
pub(super) fn relocate(call: &mut Call<'_>) -> Answer {
    let (key, from) = (&call.words[1], call.database);
    let to = database(call, &call.words[2])?;
    if to == from {
        return Err(SAME_OBJECT);
    }
    if call.write(key).is_none() || call.server.write(to, key).is_some() {
        return Ok(false.into());
    }
    let Some((value, deadline)) = call.data().remove(key) else { return Ok(false.into()) };
    call.server.insert(to, key, value);
    call.server.databases[to].set_deadline(key, deadline);
    for database in [from, to] {
        call.server.modified(database, key);
    }
    call.server.notify(Events::GENERIC, "move_from", from, key);
    call.server.notify(Events::GENERIC, "move_to", to, key);
    Ok(true.into())
}

pub(super) fn copy(call: &mut Call<'_>) -> Answer {
    let (from, to) = (&call.words[1], &call.words[2]);
    let (mut target, mut replaces) = (call.database, false);
    let mut rest = &call.words[3..];
    while let Some((word, after)) = rest.split_first() {
        rest = match after {
            after if is(word, "replace") => {
                replaces = true;
                after
            }
            [number, after @ ..] if is(word, "db") => {
                target = database(call, number)?;
                after
            }
            _ => return Err(ErrorReply::SYNTAX),
        };
    }
    if target == call.database && from == to {
        return Err(SAME_OBJECT);
    }
    let Some(value) = call.read(from).cloned() else { return Ok(false.into()) };
    let deadline = call.data().deadline(from);
    if call.server.write(target, to).is_some() {
        if !replaces {
            return Ok(false.into());
        }
        call.server.databases[target].remove(to);
    }
    call.server.insert(target, to, value);
    call.server.databases[target].set_deadline(to, deadline);
    call.server.modified(target, to);
    call.server.notify(Events::GENERIC, "copy_to", target, to);
    Ok(true.into())
}

pub(super) fn swapdb(call: &mut Call<'_>) -> Answer {
    let parse = |word: &[u8], text: &'static str| int(word).map_err(|_| ErrorReply::fixed(text));
    let first = parse(&call.words[1], "ERR invalid first DB index")?;
    let second = parse(&call.words[2], "ERR invalid second DB index")?;
    let index = |number: i32| usize::try_from(number).ok().filter(|it| *it < call.server.databases.len());
    let (Some(first), Some(second)) = (index(first), index(second)) else {
        return Err(ErrorReply::fixed("ERR DB index is out of range"));
    };
    call.server.swap(first, second);
    Ok(Reply::OK)
}

pub(super) fn keys(call: &mut Call<'_>) -> Answer {
    let pattern = &call.words[1];
    let keys = call.server.keys(call.database, call.server.now);
    let matching = keys.filter(|key| matches(pattern, key)).map(|key| Reply::bulk(key.to_vec()));
    Ok(Reply::Array(matching.collect()))
}

pub(super) fn dbsize(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.data().len()))
}
