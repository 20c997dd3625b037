//! Sorted sets.

use bytes::Bytes;

use super::arguments::{finite_or_named, pairs};
use super::{Answer, Call, ErrorReply};
use crate::keyspace::{SortedSet, Value};
use crate::notify::Events;
use crate::resp::{Protocol, Reply};

impl Call<'_> {
    pub(super) fn scores(&mut self, key: &Bytes) -> Result<Option<&SortedSet>, ErrorReply> {
        match self.read(key) {
            None => Ok(None),
            Some(Value::SortedSet(set)) => Ok(Some(set)),
            Some(_) => Err(ErrorReply::WRONG_TYPE),
        }
    }

    pub(super) fn scores_to_change(&mut self, key: &Bytes) -> Result<Option<&mut SortedSet>, ErrorReply> {
        match self.write(key) {
            None => Ok(None),
            Some(Value::SortedSet(set)) => Ok(Some(set)),
            Some(_) => Err(ErrorReply::WRONG_TYPE),
        }
    }
}

/// The options of `ZADD` and `ZINCRBY`.
#[derive(Debug, Default)]
struct Options {
    if_absent: bool,
    if_present: bool,
    if_greater: bool,
    if_less: bool,
    counts_changes: bool,
    increments: bool,
}

impl Options {
    /// Parses the options, and returns them with the remaining words.
    fn parse(self, words: &[Bytes]) -> Result<(Self, &[Bytes]), ErrorReply> {
        let mut options = self;
        let mut rest = words;
        while let Some((word, after)) = rest.split_first() {
            let flag = match &word.to_ascii_lowercase()[..] {
                b"nx" => &mut options.if_absent,
                b"xx" => &mut options.if_present,
                b"gt" => &mut options.if_greater,
                b"lt" => &mut options.if_less,
                b"ch" => &mut options.counts_changes,
                b"incr" => &mut options.increments,
                _ => break,
            };
            *flag = true;
            rest = after;
        }
        options.check(rest.len())?;
        Ok((options, rest))
    }

    fn check(&self, left: usize) -> Result<(), ErrorReply> {
        let fixed = |text| Err(ErrorReply::fixed(text));
        if left == 0 || !left.is_multiple_of(2) {
            return Err(ErrorReply::SYNTAX);
        }
        if self.if_absent && self.if_present {
            return fixed("ERR XX and NX options at the same time are not compatible");
        }
        let conditions = [self.if_absent, self.if_greater, self.if_less];
        if conditions.into_iter().filter(|condition| *condition).count() > 1 {
            return fixed("ERR GT, LT, and/or NX options at the same time are not compatible");
        }
        if self.increments && left > 2 {
            return fixed("ERR INCR option supports a single increment-element pair");
        }
        Ok(())
    }
}

/// The effect of `ZADD` on one member.
enum Change {
    /// The options prevented the change.
    None,
    Same(f64),
    Updated(f64),
    Added(f64),
}

fn change(set: &mut SortedSet, member: &Bytes, score: f64, options: &Options) -> Result<Change, ErrorReply> {
    let Some(old) = set.score(member) else {
        if options.if_present {
            return Ok(Change::None);
        }
        set.insert(member.clone(), score);
        return Ok(Change::Added(score));
    };
    if options.if_absent {
        return Ok(Change::None);
    }
    let new = if options.increments { old + score } else { score };
    if new.is_nan() {
        return Err(ErrorReply::fixed("ERR resulting score is not a number (NaN)"));
    }
    if (options.if_less && new >= old) || (options.if_greater && new <= old) {
        return Ok(Change::None);
    }
    if new == old {
        return Ok(Change::Same(new));
    }
    set.insert(member.clone(), new);
    Ok(Change::Updated(new))
}

pub(super) fn zadd(call: &mut Call<'_>) -> Answer {
    add(call, Options::default())
}

pub(super) fn zincrby(call: &mut Call<'_>) -> Answer {
    add(call, Options { increments: true, ..Options::default() })
}

fn add(call: &mut Call<'_>, options: Options) -> Answer {
    let key = &call.words[1];
    let (options, rest) = options.parse(&call.words[2..])?;
    let parsed = pairs(rest).map(|(score, member)| Some((finite_or_named(score)?, member)));
    let members: Vec<_> = parsed.collect::<Option<_>>().ok_or(ErrorReply::NOT_A_FLOAT)?;
    if call.write(key).is_none() {
        if options.if_present {
            return Ok(if options.increments { Reply::Null } else { Reply::Integer(0) });
        }
        call.insert(key, Value::SortedSet(Box::default()));
    }
    let Some(set) = call.scores_to_change(key)? else { return Err(ErrorReply::WRONG_TYPE) };
    let (mut added, mut updated, mut last) = (0, 0, Reply::Null);
    for (score, member) in members {
        match change(set, member, score, &options)? {
            Change::None => {}
            Change::Same(score) => last = Reply::Double(score),
            Change::Updated(score) => {
                updated += 1;
                last = Reply::Double(score);
            }
            Change::Added(score) => {
                added += 1;
                last = Reply::Double(score);
            }
        }
    }
    if added + updated > 0 {
        call.modified(key);
        call.notify(Events::SORTED_SET, if options.increments { "zincr" } else { "zadd" }, key);
    }
    Ok(match () {
        () if options.increments => last,
        () if options.counts_changes => Reply::count(added + updated),
        () => Reply::count(added),
    })
}

pub(super) fn zrem(call: &mut Call<'_>) -> Answer {
    let key = &call.words[1];
    let members = &call.words[2..];
    let Some(set) = call.scores_to_change(key)? else { return Ok(Reply::Integer(0)) };
    let removed = members.iter().filter(|member| set.remove(member)).count();
    let is_empty = set.len() == 0;
    if is_empty {
        call.remove(key);
    }
    if removed > 0 {
        call.notify(Events::SORTED_SET, "zrem", key);
        if is_empty {
            call.notify(Events::GENERIC, "del", key);
        }
        call.modified(key);
    }
    Ok(Reply::count(removed))
}

pub(super) fn zscore(call: &mut Call<'_>) -> Answer {
    let member = &call.words[2];
    let score = call.scores(&call.words[1])?.and_then(|set| set.score(member));
    Ok(score.map_or(Reply::Null, Reply::Double))
}

pub(super) fn zmscore(call: &mut Call<'_>) -> Answer {
    let members = &call.words[2..];
    let set = call.scores(&call.words[1])?;
    let score = |member: &Bytes| set.and_then(|set| set.score(member)).map_or(Reply::Null, Reply::Double);
    Ok(Reply::Array(members.iter().map(score).collect()))
}

pub(super) fn zcard(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.scores(&call.words[1])?.map_or(0, SortedSet::len)))
}

pub(super) fn zrank(call: &mut Call<'_>) -> Answer {
    let member = &call.words[2];
    let rank = call.scores(&call.words[1])?.and_then(|set| set.rank(member));
    Ok(rank.map_or(Reply::Null, Reply::count))
}

pub(super) fn zrevrank(call: &mut Call<'_>) -> Answer {
    let member = &call.words[2];
    let set = call.scores(&call.words[1])?;
    let rank = set.and_then(|set| Some(set.len() - 1 - set.rank(member)?));
    Ok(rank.map_or(Reply::Null, Reply::count))
}

/// Members, with their scores if requested: as pairs in RESP3, flat in RESP2.
pub(super) fn with_scores<'m>(
    members: impl IntoIterator<Item = (&'m Bytes, f64)>,
    with_scores: bool,
    protocol: Protocol,
) -> Reply {
    let mut items = Vec::new();
    for (member, score) in members {
        let member = Reply::Bulk(member.clone());
        match (with_scores, protocol) {
            (false, _) => items.push(member),
            (true, Protocol::Resp2) => items.extend([member, Reply::Double(score)]),
            (true, Protocol::Resp3) => items.push(Reply::Array(vec![member, Reply::Double(score)])),
        }
    }
    Reply::Array(items)
}
