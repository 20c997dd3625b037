//! Removal of the members with the lowest or highest scores: `ZPOPMIN`, `ZMPOP` and related
//! commands.

use bytes::Bytes;

use super::arguments::{at_least, counted, is, positive};
use super::sorted_sets::with_scores;
use super::{Answer, Call, ErrorReply};
use crate::notify::Events;
use crate::resp::{Protocol, Reply};

/// An end of a sorted set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Lowest,
    Highest,
}

/// Removes at most `count` members, lowest or highest first. Returns none if the key does not
/// exist.
pub(super) fn take(
    call: &mut Call<'_>,
    key: &Bytes,
    end: End,
    count: usize,
) -> Result<Option<Vec<(Bytes, f64)>>, ErrorReply> {
    let Some(set) = call.scores_to_change(key)? else { return Ok(None) };
    if count == 0 {
        return Ok(Some(Vec::new()));
    }
    let own = |(member, score): (&Bytes, f64)| (member.clone(), score);
    let taken: Vec<_> = match end {
        End::Lowest => set.iter().take(count).map(own).collect(),
        End::Highest => set.iter().rev().take(count).map(own).collect(),
    };
    taken.iter().for_each(|(member, _)| _ = set.remove(member));
    let is_empty = set.len() == 0;
    let event = if end == End::Lowest { "zpopmin" } else { "zpopmax" };
    call.notify(Events::SORTED_SET, event, key);
    if is_empty {
        call.remove(key);
    }
    call.modified(key);
    if is_empty {
        call.notify(Events::GENERIC, "del", key);
    }
    Ok(Some(taken))
}

pub(super) fn zpopmin(call: &mut Call<'_>) -> Answer {
    pop(call, End::Lowest)
}

pub(super) fn zpopmax(call: &mut Call<'_>) -> Answer {
    pop(call, End::Highest)
}

fn pop(call: &mut Call<'_>, end: End) -> Answer {
    let (key, count) = match call.words {
        [_, key] => (key, None),
        [_, key, count] => (key, Some(positive(count)?)),
        _ => return Err(ErrorReply::SYNTAX),
    };
    let taken = take(call, key, end, count.unwrap_or(1))?.unwrap_or_default();
    // Without a count, the pair is flat in both protocols.
    let protocol = if count.is_some() { call.protocol } else { Protocol::Resp2 };
    Ok(with_scores(borrowed(&taken), true, protocol))
}

fn borrowed(taken: &[(Bytes, f64)]) -> impl Iterator<Item = (&Bytes, f64)> {
    taken.iter().map(|(member, score)| (member, *score))
}

/// The arguments of `ZMPOP`.
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
        let end = match () {
            () if is(word, "min") => End::Lowest,
            () if is(word, "max") => End::Highest,
            () => return Err(ErrorReply::SYNTAX),
        };
        Ok(Several { keys, end, count: pop_count(options)? })
    }
}

/// Parses the option `COUNT` of `ZMPOP` and `LMPOP`.
pub(super) fn pop_count(options: &[Bytes]) -> Result<usize, ErrorReply> {
    match options {
        [] => Ok(1),
        [word, count, after @ ..] if is(word, "count") => {
            let count = at_least(1, count, "ERR count should be greater than 0")?;
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            if after.is_empty() { Ok(count) } else { Err(ErrorReply::SYNTAX) }
        }
        _ => Err(ErrorReply::SYNTAX),
    }
}

pub(super) fn zmpop(call: &mut Call<'_>) -> Answer {
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

/// Pops from a key, as the reply of `ZMPOP`. Returns none if the key does not exist.
pub(super) fn pop_many(
    call: &mut Call<'_>,
    key: &Bytes,
    end: End,
    count: usize,
) -> Result<Option<Reply>, ErrorReply> {
    let taken = take(call, key, end, count)?;
    let reply = |taken: Vec<(Bytes, f64)>| {
        let members = with_scores(borrowed(&taken), true, Protocol::Resp3);
        Reply::Array(vec![Reply::Bulk(key.clone()), members])
    };
    Ok(taken.map(reply))
}

/// Pops one member, as the reply of `BZPOPMIN`. Returns none if the key does not exist.
pub(super) fn pop_one(call: &mut Call<'_>, key: &Bytes, end: End) -> Result<Option<Reply>, ErrorReply> {
    let taken = take(call, key, end, 1)?;
    let reply = |taken: Vec<(Bytes, f64)>| {
        let pairs = taken.into_iter().flat_map(|(member, score)| [Reply::Bulk(member), Reply::Double(score)]);
        Reply::Array([Reply::Bulk(key.clone())].into_iter().chain(pairs).collect())
    };
    Ok(taken.map(reply))
}
