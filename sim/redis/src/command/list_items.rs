//! Single items of lists: `LINDEX`, `LSET`, `LINSERT`, `LREM`, `LPOS`, and `LTRIM`.

use std::collections::VecDeque;

use bytes::Bytes;

use super::arguments::{at_least, integer, is, range};
use super::{Answer, Call, ErrorReply};
use crate::keyspace::owned;
use crate::notify::Events;
use crate::resp::Reply;

/// The position of an index, if the list has it. Negative indices count from the end.
fn position(index: i64, list: &VecDeque<Bytes>) -> Option<usize> {
    let index = if index < 0 { index.checked_add(list.len() as i64)? } else { index };
    usize::try_from(index).ok().filter(|index| *index < list.len())
}

pub(super) fn lindex(call: &mut Call<'_>) -> Answer {
    let index = &call.words[2];
    let Some(list) = call.list(&call.words[1])? else { return Ok(Reply::Null) };
    let at = position(integer(index)?, list);
    Ok(at.and_then(|at| list.get(at).cloned()).into())
}

pub(super) fn lset(call: &mut Call<'_>) -> Answer {
    let [_, key, index, item] = call.words else { return call.wrong_arity() };
    let Some(list) = call.list_to_change(key)? else { return Err(ErrorReply::NO_SUCH_KEY) };
    let at = position(integer(index)?, list).ok_or(ErrorReply::fixed("ERR index out of range"))?;
    list[at] = owned(item);
    call.modified(key);
    call.notify(Events::LIST, "lset", key);
    Ok(Reply::OK)
}

pub(super) fn linsert(call: &mut Call<'_>) -> Answer {
    let [_, key, side, pivot, item] = call.words else { return call.wrong_arity() };
    let offset = match () {
        () if is(side, "before") => 0,
        () if is(side, "after") => 1,
        () => return Err(ErrorReply::SYNTAX),
    };
    let Some(list) = call.list_to_change(key)? else { return Ok(Reply::Integer(0)) };
    let Some(at) = list.iter().position(|item| item == pivot) else { return Ok(Reply::Integer(-1)) };
    list.insert(at + offset, owned(item));
    let length = list.len();
    call.modified(key);
    call.notify(Events::LIST, "linsert", key);
    Ok(Reply::count(length))
}

pub(super) fn lrem(call: &mut Call<'_>) -> Answer {
    let [_, key, count, item] = call.words else { return call.wrong_arity() };
    let count = integer(count)?;
    let Some(list) = call.list_to_change(key)? else { return Ok(Reply::Integer(0)) };
    let all = list.iter().enumerate().filter(|(_, other)| *other == item).map(|(at, _)| at);
    let most =
        if count == 0 { usize::MAX } else { usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX) };
    // In ascending order.
    let found: Vec<usize> = if count < 0 {
        let mut last: Vec<usize> = all.rev().take(most).collect();
        last.reverse();
        last
    } else {
        all.take(most).collect()
    };
    found.iter().rev().for_each(|at| _ = list.remove(*at));
    let is_empty = list.is_empty();
    if !found.is_empty() {
        call.modified(key);
        call.notify(Events::LIST, "lrem", key);
    }
    if is_empty {
        call.remove_empty(key);
    }
    Ok(Reply::count(found.len()))
}

pub(super) fn ltrim(call: &mut Call<'_>) -> Answer {
    let [_, key, start, stop] = call.words else { return call.wrong_arity() };
    let (start, stop) = (integer(start)?, integer(stop)?);
    let Some(list) = call.list_to_change(key)? else { return Ok(Reply::OK) };
    let kept = range(start, stop, list.len());
    list.truncate(kept.end);
    list.drain(..kept.start);
    let is_empty = list.is_empty();
    call.notify(Events::LIST, "ltrim", key);
    if is_empty {
        call.remove_empty(key);
    }
    call.modified(key);
    Ok(Reply::OK)
}

pub(super) fn lpos(call: &mut Call<'_>) -> Answer {
    let (key, item) = (&call.words[1], &call.words[2]);
    let (mut rank, mut count, mut most) = (1, None, 0);
    let mut rest = &call.words[3..];
    while let Some((word, after)) = rest.split_first() {
        let (number, after) = after.split_first().ok_or(ErrorReply::SYNTAX)?;
        match &word.to_ascii_lowercase()[..] {
            b"rank" => rank = integer(number)?,
            b"count" => count = Some(at_least(0, number, "ERR COUNT can't be negative")?),
            b"maxlen" => most = at_least(0, number, "ERR MAXLEN can't be negative")?,
            _ => return Err(ErrorReply::SYNTAX),
        }
        if rank == 0 {
            return Err(ErrorReply::fixed(
                "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... \
                 or use negative to start from the end of the list",
            ));
        }
        rest = after;
    }
    let list = call.list(key)?.map(|list| list.iter().collect::<Vec<_>>()).unwrap_or_default();
    let unlimited = |number: i64| usize::try_from(number).ok().filter(|it| *it > 0).unwrap_or(usize::MAX);
    let positions: Box<dyn Iterator<Item = usize>> =
        if rank < 0 { Box::new((0..list.len()).rev()) } else { Box::new(0..list.len()) };
    let skipped = usize::try_from(rank.unsigned_abs() - 1).unwrap_or(usize::MAX);
    let matches = positions.take(unlimited(most)).filter(|at| list[*at] == item).skip(skipped);
    let mut found = matches.map(Reply::count);
    Ok(match count {
        None => found.next().unwrap_or(Reply::Null),
        Some(count) => Reply::Array(found.take(unlimited(count)).collect()),
    })
}
