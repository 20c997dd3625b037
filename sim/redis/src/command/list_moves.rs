//! Moves and pops between lists: `LMOVE`, `RPOPLPUSH`, `LMPOP`.

use bytes::Bytes;

use super::arguments::counted;
use super::lists::{End, take};
use super::sorted_pop::pop_count;
use super::{Answer, Call, ErrorReply};
use crate::keyspace::Value;
use crate::notify::Events;
use crate::resp::Reply;

/// A move from an end of a list to an end of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move<'a> {
    pub(super) source: &'a Bytes,
    pub(super) destination: &'a Bytes,
    pub(super) from: End,
    pub(super) to: End,
}

impl<'a> Move<'a> {
    /// Parses the arguments of `LMOVE`.
    pub(super) fn parse(words: &'a [Bytes]) -> Result<Self, ErrorReply> {
        let (from, to) = (End::parse(&words[3])?, End::parse(&words[4])?);
        Ok(Move { source: &words[1], destination: &words[2], from, to })
    }

    /// The move of `RPOPLPUSH`.
    pub(super) fn rotation(words: &'a [Bytes]) -> Self {
        Move { source: &words[1], destination: &words[2], from: End::Right, to: End::Left }
    }
}

pub(super) fn lmove(call: &mut Call<'_>) -> Answer {
    let order = Move::parse(call.words)?;
    Ok(transfer(call, order, true)?.unwrap_or(Reply::Null))
}

pub(super) fn rpoplpush(call: &mut Call<'_>) -> Answer {
    Ok(transfer(call, Move::rotation(call.words), true)?.unwrap_or(Reply::Null))
}

/// Moves one item, and returns it. Returns none if the source does not exist. `reports_source`: the
/// modification of the source is reported.
pub(super) fn transfer(
    call: &mut Call<'_>,
    order: Move<'_>,
    reports_source: bool,
) -> Result<Option<Reply>, ErrorReply> {
    let Move { source, destination, from, to } = order;
    if call.list_to_change(source)?.is_none() {
        return Ok(None);
    }
    call.list_to_change(destination)?;
    let Some(list) = call.list_to_change(source)? else { return Ok(None) };
    let item = if from == End::Left { list.pop_front() } else { list.pop_back() };
    let Some(item) = item else { return Ok(None) };
    if call.data().get(destination).is_none() {
        call.insert(destination, Value::List(Box::default()));
    }
    call.modified(destination);
    if let Some(list) = call.list_to_change(destination)? {
        if to == End::Left { list.push_front(item.clone()) } else { list.push_back(item.clone()) }
    }
    call.notify(Events::LIST, to.push_event(), destination);
    call.notify(Events::LIST, from.pop_event(), source);
    if call.list_to_change(source)?.is_some_and(|list| list.is_empty()) {
        call.remove_empty(source);
    }
    if reports_source {
        call.modified(source);
    }
    Ok(Some(Reply::Bulk(item)))
}

/// The arguments of `LMPOP`.
pub(super) struct Several<'a> {
    pub(super) keys: &'a [Bytes],
    pub(super) end: End,
    pub(super) count: usize,
}

impl<'a> Several<'a> {
    /// Parses the words from the number of keys on, which is at `at`.
    pub(super) fn parse(words: &'a [Bytes], at: usize) -> Result<Self, ErrorReply> {
        let (keys, rest) = counted(words, at)?;
        let (word, options) = rest.split_first().ok_or(ErrorReply::SYNTAX)?;
        let end = End::parse(word)?;
        Ok(Several { keys, end, count: pop_count(options)? })
    }
}

pub(super) fn lmpop(call: &mut Call<'_>) -> Answer {
    let several = Several::parse(call.words, 1)?;
    Ok(pop_first(call, &several)?.unwrap_or(Reply::NullArray))
}

/// Pops from the first key that exists. Returns none if no key does.
fn pop_first(call: &mut Call<'_>, several: &Several<'_>) -> Result<Option<Reply>, ErrorReply> {
    for key in several.keys {
        if let Some(reply) = pop_many(call, key, several.end, several.count)? {
            return Ok(Some(reply));
        }
    }
    Ok(None)
}

/// Pops from a key, as the reply of `LMPOP`. Returns none if the key does not exist.
pub(super) fn pop_many(
    call: &mut Call<'_>,
    key: &Bytes,
    end: End,
    count: usize,
) -> Result<Option<Reply>, ErrorReply> {
    let items = take(call, key, end, count)?;
    Ok(items.map(|items| Reply::Array(vec![Reply::Bulk(key.clone()), Reply::Array(items)])))
}
