//! Lists.

use std::collections::VecDeque;

use bytes::Bytes;

use super::arguments::{integer, is, positive, range};
use super::{Answer, Call, ErrorReply};
use crate::keyspace::{Value, owned};
use crate::notify::Events;
use crate::resp::Reply;

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Left,
    Right,
}

impl End {
    /// Parses `LEFT` or `RIGHT`.
    pub(super) fn parse(word: &[u8]) -> Result<Self, ErrorReply> {
        match () {
            () if is(word, "left") => Ok(End::Left),
            () if is(word, "right") => Ok(End::Right),
            () => Err(ErrorReply::SYNTAX),
        }
    }

    /// The event of a pop from this end.
    pub(super) fn pop_event(self) -> &'static str {
        if self == End::Left { "lpop" } else { "rpop" }
    }

    /// The event of a push to this end.
    pub(super) fn push_event(self) -> &'static str {
        if self == End::Left { "lpush" } else { "rpush" }
    }
}

impl Call<'_> {
    pub(super) fn list(&mut self, key: &Bytes) -> Result<Option<&VecDeque<Bytes>>, ErrorReply> {
        match self.read(key) {
            None => Ok(None),
            Some(Value::List(list)) => Ok(Some(list)),
            Some(_) => Err(ErrorReply::WRONG_TYPE),
        }
    }

    pub(super) fn list_to_change(&mut self, key: &Bytes) -> Result<Option<&mut VecDeque<Bytes>>, ErrorReply> {
        match self.write(key) {
            None => Ok(None),
            Some(Value::List(list)) => Ok(Some(list)),
            Some(_) => Err(ErrorReply::WRONG_TYPE),
        }
    }
}

pub(super) fn lpush(call: &mut Call<'_>) -> Answer {
    push(call, End::Left)
}

pub(super) fn rpush(call: &mut Call<'_>) -> Answer {
    push(call, End::Right)
}

fn push(call: &mut Call<'_>, end: End) -> Answer {
    let key = &call.words[1];
    let items = call.words[2..].iter().map(|item| owned(item));
    if call.write(key).is_none() {
        call.insert(key, Value::List(Box::default()));
    }
    let Some(list) = call.list_to_change(key)? else { return Err(ErrorReply::WRONG_TYPE) };
    match end {
        End::Left => items.for_each(|item| list.push_front(item)),
        End::Right => list.extend(items),
    }
    let length = list.len();
    call.modified(key);
    call.notify(Events::LIST, end.push_event(), key);
    Ok(Reply::count(length))
}

pub(super) fn lpushx(call: &mut Call<'_>) -> Answer {
    push_if_present(call, End::Left)
}

pub(super) fn rpushx(call: &mut Call<'_>) -> Answer {
    push_if_present(call, End::Right)
}

fn push_if_present(call: &mut Call<'_>, end: End) -> Answer {
    if call.write(&call.words[1]).is_none() {
        return Ok(Reply::Integer(0));
    }
    push(call, end)
}

pub(super) fn lpop(call: &mut Call<'_>) -> Answer {
    pop(call, End::Left)
}

pub(super) fn rpop(call: &mut Call<'_>) -> Answer {
    pop(call, End::Right)
}

fn pop(call: &mut Call<'_>, end: End) -> Answer {
    let (key, count) = match call.words {
        [_, key] => (key, None),
        [_, key, count] => (key, Some(positive(count)?)),
        _ => return call.wrong_arity(),
    };
    let Some(mut popped) = take(call, key, end, count.unwrap_or(1))? else {
        return Ok(if count.is_some() { Reply::NullArray } else { Reply::Null });
    };
    Ok(match count {
        Some(_) => Reply::Array(popped),
        None => popped.pop().unwrap_or(Reply::Null),
    })
}

/// Removes at most `count` items from an end, the outermost first. Returns none if the key does not
/// exist.
pub(super) fn take(
    call: &mut Call<'_>,
    key: &Bytes,
    end: End,
    count: usize,
) -> Result<Option<Vec<Reply>>, ErrorReply> {
    let taken = take_quietly(call, key, end, count)?;
    if taken.is_some() && count > 0 {
        call.modified(key);
    }
    Ok(taken)
}

/// Like [`take`], without a report of the modification: a push has reported it.
pub(super) fn take_quietly(
    call: &mut Call<'_>,
    key: &Bytes,
    end: End,
    count: usize,
) -> Result<Option<Vec<Reply>>, ErrorReply> {
    let Some(list) = call.list_to_change(key)? else { return Ok(None) };
    if count == 0 {
        return Ok(Some(Vec::new()));
    }
    let number = count.min(list.len());
    let popped: Vec<Reply> = match end {
        End::Left => list.drain(..number).map(Reply::Bulk).collect(),
        End::Right => list.split_off(list.len() - number).into_iter().rev().map(Reply::Bulk).collect(),
    };
    let is_empty = list.is_empty();
    call.notify(Events::LIST, end.pop_event(), key);
    if is_empty {
        call.remove_empty(key);
    }
    Ok(Some(popped))
}

pub(super) fn lrange(call: &mut Call<'_>) -> Answer {
    let (start, stop) = (integer(&call.words[2])?, integer(&call.words[3])?);
    let Some(list) = call.list(&call.words[1])? else { return Ok(Reply::Array(Vec::new())) };
    let items = list.range(range(start, stop, list.len()));
    Ok(Reply::Array(items.cloned().map(Reply::Bulk).collect()))
}

pub(super) fn llen(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.list(&call.words[1])?.map_or(0, VecDeque::len)))
}
