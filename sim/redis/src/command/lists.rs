//! Lists.

use std::collections::VecDeque;

use bytes::Bytes;

use super::arguments::{integer, positive, range};
use super::{Answer, Call, ErrorReply};
use crate::keyspace::Value;
use crate::notify::Events;
use crate::resp::Reply;

/// An end of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Left,
    Right,
}

impl Call<'_> {
    fn list(&mut self, key: &Bytes) -> Result<Option<&VecDeque<Bytes>>, ErrorReply> {
        match self.read(key) {
            None => Ok(None),
            Some(Value::List(list)) => Ok(Some(list)),
            Some(_) => Err(ErrorReply::WRONG_TYPE),
        }
    }

    fn list_to_change(&mut self, key: &Bytes) -> Result<Option<&mut VecDeque<Bytes>>, ErrorReply> {
        match self.write(key) {
            None => Ok(None),
            Some(Value::List(list)) => Ok(Some(list)),
            Some(_) => Err(ErrorReply::WRONG_TYPE),
        }
    }
}

pub(super) fn lpush(call: &mut Call<'_>) -> Answer {
    push(call, End::Left, "lpush")
}

pub(super) fn rpush(call: &mut Call<'_>) -> Answer {
    push(call, End::Right, "rpush")
}

fn push(call: &mut Call<'_>, end: End, event: &'static str) -> Answer {
    let key = &call.words[1];
    let items = call.words[2..].iter().cloned();
    if call.write(key).is_none() {
        call.insert(key, Value::List(VecDeque::new()));
    }
    let Some(list) = call.list_to_change(key)? else { return Err(ErrorReply::WRONG_TYPE) };
    match end {
        End::Left => items.for_each(|item| list.push_front(item)),
        End::Right => list.extend(items),
    }
    let length = list.len();
    call.modified(key);
    call.notify(Events::LIST, event, key);
    Ok(Reply::count(length))
}

pub(super) fn lpop(call: &mut Call<'_>) -> Answer {
    pop(call, End::Left, "lpop")
}

pub(super) fn rpop(call: &mut Call<'_>) -> Answer {
    pop(call, End::Right, "rpop")
}

fn pop(call: &mut Call<'_>, end: End, event: &'static str) -> Answer {
    let (key, count) = match call.words {
        [_, key] => (key, None),
        [_, key, count] => (key, Some(positive(count)?)),
        _ => return call.wrong_arity(),
    };
    let Some(list) = call.list_to_change(key)? else {
        return Ok(if count.is_some() { Reply::NullArray } else { Reply::Null });
    };
    if count == Some(0) {
        return Ok(Reply::Array(Vec::new()));
    }
    let number = count.unwrap_or(1).min(list.len());
    let mut popped: Vec<Reply> = match end {
        End::Left => list.drain(..number).map(Reply::Bulk).collect(),
        End::Right => list.split_off(list.len() - number).into_iter().rev().map(Reply::Bulk).collect(),
    };
    let is_empty = list.is_empty();
    call.notify(Events::LIST, event, key);
    if is_empty {
        call.remove(key);
        call.notify(Events::GENERIC, "del", key);
    }
    call.modified(key);
    Ok(match count {
        Some(_) => Reply::Array(popped),
        None => popped.pop().unwrap_or(Reply::Null),
    })
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
