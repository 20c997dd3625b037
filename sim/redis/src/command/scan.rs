//! `SCAN`.

use bytes::Bytes;

use super::arguments::{integer, is};
use super::{Answer, Call, ErrorReply};
use crate::glob::matches;
use crate::keyspace::Value;
use crate::resp::Reply;

#[derive(Debug)]
struct Options<'a> {
    count: usize,
    pattern: Option<&'a Bytes>,
    kind: Option<&'a Bytes>,
}

impl<'a> Options<'a> {
    fn parse(words: &'a [Bytes]) -> Result<Self, ErrorReply> {
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
            } else if is(word, "type") {
                options.kind = Some(argument);
            } else {
                return Err(ErrorReply::SYNTAX);
            }
        }
        Ok(options)
    }
}

pub(super) fn scan(call: &mut Call<'_>) -> Answer {
    let cursor = cursor(&call.words[1]).ok_or(ErrorReply::fixed("ERR invalid cursor"))?;
    let options = Options::parse(&call.words[2..])?;
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
    let keys = keys.into_iter().map(Reply::Bulk).collect();
    Ok(Reply::Array(vec![Reply::bulk(next.to_string()), Reply::Array(keys)]))
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
        keys.push(key.clone());
    }
    (0, keys)
}

/// Parses a cursor as C's `strtoul` does.
fn cursor(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    match text.strip_prefix('-') {
        _ if text.is_empty() => Some(0),
        Some(digits) => digits.parse::<u64>().ok().map(u64::wrapping_neg),
        None => text.parse().ok(),
    }
}
