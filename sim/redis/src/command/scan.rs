//! `SCAN`, `HSCAN`, `SSCAN` and `ZSCAN`.

use bytes::Bytes;

use super::arguments::{integer, is};
use super::{Answer, Call, ErrorReply};
use crate::glob::matches;
use crate::keyspace::{Set, Value, hash};
use crate::resp::{Reply, double};

#[derive(Debug)]
struct Options<'a> {
    count: usize,
    pattern: Option<&'a Bytes>,
    kind: Option<&'a Bytes>,
}

impl<'a> Options<'a> {
    /// Parses the options. `TYPE` is one of them for `SCAN` only.
    fn parse(words: &'a [Bytes], has_type: bool) -> Result<Self, ErrorReply> {
        let mut options = Options { count: 10, pattern: None, kind: None };
        let mut rest = words;
        while let Some((word, after)) = rest.split_first() {
            let (argument, after) = after.split_first().ok_or(ErrorReply::SYNTAX)?;
            rest = after;
            if is(word, "count") {
                let count = integer(argument)?;
                options.count = usize::try_from(count).ok().filter(|it| *it > 0).ok_or(ErrorReply::SYNTAX)?;
            } else if is(word, "match") {
                options.pattern = Some(argument);
            } else if has_type && is(word, "type") {
                options.kind = Some(argument);
            } else {
                return Err(ErrorReply::SYNTAX);
            }
        }
        Ok(options)
    }
}

pub(super) fn scan(call: &mut Call<'_>) -> Answer {
    let cursor = cursor(&call.words[1])?;
    let options = Options::parse(&call.words[2..], true)?;
    let (next, mut keys) = page(call, cursor, options.count);
    if let Some(pattern) = options.pattern {
        keys.retain(|key| matches(pattern, key));
    }
    if let Some(kind) = options.kind {
        keys.retain(|key| {
            let found = call.read(key).map_or("none", Value::kind);
            kind.eq_ignore_ascii_case(found.as_bytes())
        });
    }
    keys.retain(|key| !call.server.expire_if_due(call.database, key));
    Ok(reply(next, keys.into_iter().map(Reply::Bulk).collect()))
}

fn reply(next: u64, items: Vec<Reply>) -> Reply {
    Reply::Array(vec![Reply::bulk(next.to_string()), Reply::Array(items)])
}

/// An element of a collection, and its value or score.
type Element = (Bytes, Option<Reply>);

pub(super) fn hscan(call: &mut Call<'_>) -> Answer {
    let cursor = cursor(&call.words[2])?;
    let elements = call.hash(&call.words[1])?.map(|hash| {
        let element = |(field, value): (&Bytes, &Bytes)| (field.clone(), Some(Reply::Bulk(value.clone())));
        (hash.iter().map(element).collect(), hash.is_large())
    });
    collection(call, cursor, elements)
}

pub(super) fn sscan(call: &mut Call<'_>) -> Answer {
    let cursor = cursor(&call.words[2])?;
    let elements = call
        .members(&call.words[1])?
        .map(|set| (set.iter().map(|member| (member, None)).collect(), matches!(set, Set::Members(_))));
    collection(call, cursor, elements)
}

pub(super) fn zscan(call: &mut Call<'_>) -> Answer {
    let cursor = cursor(&call.words[2])?;
    let elements = call.scores(&call.words[1])?.map(|set| {
        let element = |(member, score): (&Bytes, f64)| (member.clone(), Some(Reply::bulk(double(score))));
        (set.iter().map(element).collect(), set.is_large())
    });
    collection(call, cursor, elements)
}

/// Scans a collection. As in Redis, a small one is returned as a whole, in its own order.
fn collection(call: &Call<'_>, cursor: u64, elements: Option<(Vec<Element>, bool)>) -> Answer {
    let Some((mut elements, is_large)) = elements else { return Ok(reply(0, Vec::new())) };
    let options = Options::parse(&call.words[3..], false)?;
    let mut next = 0;
    if is_large {
        let mut hashed: Vec<_> = elements.into_iter().map(|element| (hash(&element.0), element)).collect();
        hashed.sort_by(|(one, element), (other, with)| (one, &element.0).cmp(&(other, &with.0)));
        hashed.retain(|(hash, _)| *hash >= cursor);
        // Elements with the same hash stay on one page.
        let last = hashed.get(options.count - 1).map(|(hash, _)| *hash);
        let end = last.map_or(hashed.len(), |last| hashed.partition_point(|(hash, _)| *hash <= last));
        next = hashed.get(end).map_or(0, |(hash, _)| *hash);
        hashed.truncate(end);
        elements = hashed.into_iter().map(|(_, element)| element).collect();
    }
    if let Some(pattern) = options.pattern {
        elements.retain(|(name, _)| matches(pattern, name));
    }
    let items = elements.into_iter().flat_map(|(name, value)| [Some(Reply::Bulk(name)), value]).flatten();
    Ok(reply(next, items.collect()))
}

/// Returns at least `count` keys from the cursor on, and the next cursor. Keys with the same hash
/// stay on one page.
fn page(call: &mut Call<'_>, cursor: u64, count: usize) -> (u64, Vec<Bytes>) {
    let mut keys = Vec::new();
    let mut last = None;
    for (hash, key) in call.data().scan(cursor) {
        if keys.len() >= count && last != Some(hash) {
            return (hash, keys);
        }
        last = Some(hash);
        keys.push(Bytes::copy_from_slice(key));
    }
    (0, keys)
}

/// Parses a cursor as C's `strtoul` does.
fn cursor(text: &[u8]) -> Result<u64, ErrorReply> {
    let parse = |text: &str| match text.strip_prefix('-') {
        _ if text.is_empty() => Some(0),
        Some(digits) => digits.parse::<u64>().ok().map(u64::wrapping_neg),
        None => text.parse().ok(),
    };
    let cursor = std::str::from_utf8(text).ok().and_then(parse);
    cursor.ok_or(ErrorReply::fixed("ERR invalid cursor"))
}
