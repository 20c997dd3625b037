//! The representation of values: `OBJECT`, `MEMORY USAGE`.

use bytes::Bytes;

use super::arguments::{integer, is};
use super::{Answer, Call, ErrorReply};
use crate::keyspace::{Set, StreamId, Value};
use crate::resp::{Reply, whole_number};

/// Maximum length of a string that Redis stores together with its header, in bytes.
const MAX_EMBEDDED: usize = 44;
/// Estimated size of a key or an element without its bytes, in bytes.
const OVERHEAD: usize = 56;

/// Returns the value without counting as an access.
fn look<'c>(call: &'c mut Call<'_>) -> Option<&'c Value> {
    let key = &call.words[2];
    call.server.expire_if_due(call.database, key);
    call.data().get(key)
}

pub(super) fn encoding(call: &mut Call<'_>) -> Answer {
    Ok(look(call).map_or(Reply::Null, |value| Reply::text(encoding_of(value))))
}

/// The name of the encoding that Redis uses for a new value of this content.
fn encoding_of(value: &Value) -> &'static str {
    match value {
        Value::Text(text) if whole_number(text).is_some() => "int",
        Value::Text(text) if text.len() <= MAX_EMBEDDED => "embstr",
        Value::Text(_) => "raw",
        Value::List(_) => "quicklist",
        Value::Hash(hash) if hash.is_large() => "hashtable",
        Value::Hash(_) => "listpack",
        Value::Set(set) => match **set {
            Set::Integers(_) => "intset",
            Set::Members(_) => "hashtable",
        },
        Value::SortedSet(set) if set.is_large() => "skiplist",
        Value::SortedSet(_) => "listpack",
        Value::Stream(_) => "stream",
    }
}

pub(super) fn refcount(call: &mut Call<'_>) -> Answer {
    Ok(look(call).map_or(Reply::Null, |_| Reply::Integer(1)))
}

pub(super) fn idletime(call: &mut Call<'_>) -> Answer {
    if look(call).is_none() {
        return Ok(Reply::Null);
    }
    let key = &call.words[2];
    let accessed = call.data().accessed(key).unwrap_or_default();
    Ok(Reply::Integer((call.now() - accessed).max(0) / 1000))
}

pub(super) fn freq(call: &mut Call<'_>) -> Answer {
    if look(call).is_none() {
        return Ok(Reply::Null);
    }
    Err(ErrorReply::fixed(
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that \
         when switching between policies at runtime LRU and LFU data will take some time to adjust.",
    ))
}

/// `MEMORY USAGE`: an estimate.
pub(super) fn memory_usage(call: &mut Call<'_>) -> Answer {
    for option in call.words[3..].chunks(2) {
        match option {
            [word, samples] if is(word, "samples") && integer(samples)? >= 0 => {}
            _ => return Err(ErrorReply::SYNTAX),
        }
    }
    // Redis does not remove an expired key here.
    let key = &call.words[2];
    let value = call.data().get(key);
    Ok(value.map_or(Reply::Null, |value| Reply::count(OVERHEAD + key.len() + size(value))))
}

fn size(value: &Value) -> usize {
    let element = |bytes: &Bytes| OVERHEAD + bytes.len();
    match value {
        Value::Text(text) => text.len(),
        Value::List(list) => list.iter().map(element).sum(),
        Value::Hash(hash) => hash.iter().map(|(field, value)| element(field) + element(value)).sum(),
        Value::Set(set) => set.iter().map(|member| element(&member)).sum(),
        Value::SortedSet(set) => set.iter().map(|(member, _)| element(member) + 8).sum(),
        Value::Stream(stream) => {
            let entries = stream.range(StreamId::MIN, StreamId::MAX);
            entries.map(|(_, words)| words.iter().map(element).sum::<usize>() + 16).sum()
        }
    }
}
