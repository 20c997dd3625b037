//! Unions, intersections and differences of sets.

use bytes::Bytes;

use super::arguments::{at_least, is};
use super::{Answer, Call, ErrorReply};
use crate::keyspace::{Set, Value};
use crate::notify::Events;
use crate::resp::Reply;

/// A set operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Union,
    Intersection,
    Difference,
}

pub(super) fn sunion(call: &mut Call<'_>) -> Answer {
    reply(call, Operation::Union)
}

pub(super) fn sinter(call: &mut Call<'_>) -> Answer {
    reply(call, Operation::Intersection)
}

pub(super) fn sdiff(call: &mut Call<'_>) -> Answer {
    reply(call, Operation::Difference)
}

pub(super) fn sunionstore(call: &mut Call<'_>) -> Answer {
    store(call, Operation::Union, "sunionstore")
}

pub(super) fn sinterstore(call: &mut Call<'_>) -> Answer {
    store(call, Operation::Intersection, "sinterstore")
}

pub(super) fn sdiffstore(call: &mut Call<'_>) -> Answer {
    store(call, Operation::Difference, "sdiffstore")
}

fn reply(call: &mut Call<'_>, operation: Operation) -> Answer {
    let found = combine(call, &call.words[1..], operation)?;
    // Redis replies to an intersection without sets with an empty set of the same type.
    Ok(Reply::Set(found.iter().map(Reply::Bulk).collect()))
}

fn store(call: &mut Call<'_>, operation: Operation, event: &'static str) -> Answer {
    let found = combine(call, &call.words[2..], operation)?;
    let count = found.len();
    let value = (count > 0).then_some(Value::Set(Box::new(found)));
    call.store_result(&call.words[1], value, Events::SET, event);
    Ok(Reply::count(count))
}

pub(super) fn sintercard(call: &mut Call<'_>) -> Answer {
    let count = at_least(1, &call.words[1], "ERR numkeys should be greater than 0")?;
    let rest = &call.words[2..];
    let count = usize::try_from(count).ok().filter(|count| *count <= rest.len());
    let text = "ERR Number of keys can't be greater than number of args";
    let (keys, mut options) = rest.split_at(count.ok_or(ErrorReply::fixed(text))?);
    let mut limit = 0;
    while let Some((word, after)) = options.split_first() {
        match after {
            [number, after @ ..] if is(word, "limit") => {
                limit = at_least(0, number, "ERR LIMIT can't be negative")?;
                options = after;
            }
            _ => return Err(ErrorReply::SYNTAX),
        }
    }
    let most = if limit == 0 { usize::MAX } else { usize::try_from(limit).unwrap_or(usize::MAX) };
    Ok(Reply::count(combine(call, keys, Operation::Intersection)?.len().min(most)))
}

fn combine(call: &mut Call<'_>, keys: &[Bytes], operation: Operation) -> Result<Set, ErrorReply> {
    let mut sets: Vec<Set> = Vec::new();
    for key in keys {
        sets.push(call.members(key)?.cloned().unwrap_or_default());
    }
    let mut found = Set::default();
    match operation {
        Operation::Union => {
            for set in &sets {
                set.iter().for_each(|member| _ = found.insert(member));
            }
        }
        Operation::Intersection => {
            // As in Redis, in the order of the smallest set.
            sets.sort_by_key(Set::len);
            if let Some((first, others)) = sets.split_first() {
                let all = first.iter().filter(|member| others.iter().all(|set| set.contains(member)));
                all.for_each(|member| _ = found.insert(member));
            }
        }
        Operation::Difference => {
            if let Some((first, others)) = sets.split_first() {
                let rest = first.iter().filter(|member| !others.iter().any(|set| set.contains(member)));
                rest.for_each(|member| _ = found.insert(member));
            }
        }
    }
    Ok(found)
}
