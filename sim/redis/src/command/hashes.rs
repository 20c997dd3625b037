//! Hashes.

use bytes::Bytes;

use super::arguments::{integer, pairs};
use super::{Answer, Call, ErrorReply};
use crate::keyspace::{Hash, Value};
use crate::notify::Events;
use crate::resp::{self, Reply, whole_number};

impl Call<'_> {
    fn hash(&mut self, key: &Bytes) -> Result<Option<&Hash>, ErrorReply> {
        match self.read(key) {
            None => Ok(None),
            Some(Value::Hash(hash)) => Ok(Some(hash)),
            Some(_) => Err(ErrorReply::WRONG_TYPE),
        }
    }

    fn hash_to_change(&mut self, key: &Bytes) -> Result<Option<&mut Hash>, ErrorReply> {
        match self.write(key) {
            None => Ok(None),
            Some(Value::Hash(hash)) => Ok(Some(hash)),
            Some(_) => Err(ErrorReply::WRONG_TYPE),
        }
    }

    /// The hash stored at `key`; inserts an empty one if the key does not exist.
    fn hash_to_fill(&mut self, key: &Bytes) -> Result<&mut Hash, ErrorReply> {
        if self.write(key).is_none() {
            self.insert(key, Value::Hash(Hash::default()));
        }
        match self.data().get_mut(key) {
            Some(Value::Hash(hash)) => Ok(hash),
            _ => Err(ErrorReply::WRONG_TYPE),
        }
    }
}

pub(super) fn hset(call: &mut Call<'_>) -> Answer {
    if !call.words.len().is_multiple_of(2) {
        return call.wrong_arity();
    }
    let key = &call.words[1];
    let fields = pairs(&call.words[2..]);
    let hash = call.hash_to_fill(key)?;
    let added = fields.filter(|(field, value)| hash.insert((*field).clone(), (*value).clone())).count();
    call.modified(key);
    call.notify(Events::HASH, "hset", key);
    Ok(Reply::count(added))
}

pub(super) fn hincrby(call: &mut Call<'_>) -> Answer {
    let [_, key, field, more] = call.words else { return call.wrong_arity() };
    let more = integer(more)?;
    let hash = call.hash_to_fill(key)?;
    let old = match hash.get(field) {
        None => 0,
        Some(text) => whole_number(text).ok_or(ErrorReply::fixed("ERR hash value is not an integer"))?,
    };
    let sum = old.checked_add(more).ok_or(ErrorReply::OVERFLOW)?;
    hash.insert(field.clone(), resp::integer(sum).into());
    call.modified(key);
    call.notify(Events::HASH, "hincrby", key);
    Ok(Reply::Integer(sum))
}

pub(super) fn hdel(call: &mut Call<'_>) -> Answer {
    let key = &call.words[1];
    let fields = &call.words[2..];
    let Some(hash) = call.hash_to_change(key)? else { return Ok(Reply::Integer(0)) };
    let removed = fields.iter().filter(|field| hash.remove(field)).count();
    let is_empty = hash.len() == 0;
    if is_empty {
        call.remove(key);
    }
    if removed > 0 {
        call.modified(key);
        call.notify(Events::HASH, "hdel", key);
    }
    if is_empty {
        call.notify(Events::GENERIC, "del", key);
    }
    Ok(Reply::count(removed))
}

pub(super) fn hget(call: &mut Call<'_>) -> Answer {
    let field = &call.words[2];
    let hash = call.hash(&call.words[1])?;
    Ok(hash.and_then(|hash| hash.get(field).cloned()).into())
}

pub(super) fn hmget(call: &mut Call<'_>) -> Answer {
    let fields = &call.words[2..];
    let hash = call.hash(&call.words[1])?;
    let values = fields.iter().map(|field| hash.and_then(|hash| hash.get(field).cloned()).into());
    Ok(Reply::Array(values.collect()))
}

pub(super) fn hgetall(call: &mut Call<'_>) -> Answer {
    let fields = call.hash(&call.words[1])?.into_iter().flat_map(Hash::iter);
    let pairs = fields.map(|(field, value)| (Reply::Bulk(field.clone()), Reply::Bulk(value.clone())));
    Ok(Reply::Map(pairs.collect()))
}

pub(super) fn hexists(call: &mut Call<'_>) -> Answer {
    let field = &call.words[2];
    Ok(call.hash(&call.words[1])?.is_some_and(|hash| hash.get(field).is_some()).into())
}

pub(super) fn hlen(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.hash(&call.words[1])?.map_or(0, Hash::len)))
}
