//! Hashes.

use bytes::Bytes;

use super::arguments::{integer, pairs};
use super::long_double::LongDouble;
use super::{Answer, Call, ErrorReply};
use crate::keyspace::{Hash, Value};
use crate::notify::Events;
use crate::resp::{self, Reply, whole_number};

impl Call<'_> {
    pub(super) fn hash(&mut self, key: &Bytes) -> Result<Option<&Hash>, ErrorReply> {
        match self.read(key) {
            None => Ok(None),
            Some(Value::Hash(hash)) => Ok(Some(hash)),
            Some(_) => Err(ErrorReply::WRONG_TYPE),
        }
    }

    pub(super) fn hash_to_change(&mut self, key: &Bytes) -> Result<Option<&mut Hash>, ErrorReply> {
        match self.write(key) {
            None => Ok(None),
            Some(Value::Hash(hash)) => Ok(Some(hash)),
            Some(_) => Err(ErrorReply::WRONG_TYPE),
        }
    }

    /// The hash stored at `key`; inserts an empty one if the key does not exist.
    pub(super) fn hash_to_fill(&mut self, key: &Bytes) -> Result<&mut Hash, ErrorReply> {
        if self.write(key).is_none() {
            self.insert(key, Value::Hash(Box::default()));
        }
        match self.data().get_mut(key) {
            Some(Value::Hash(hash)) => Ok(hash),
            _ => Err(ErrorReply::WRONG_TYPE),
        }
    }
}

pub(super) fn hset(call: &mut Call<'_>) -> Answer {
    set(call).map(Reply::count)
}

/// `HMSET`: `HSET` with another reply.
pub(super) fn hmset(call: &mut Call<'_>) -> Answer {
    set(call).map(|_| Reply::OK)
}

/// Sets fields, and returns the number of new ones.
fn set(call: &mut Call<'_>) -> Result<usize, ErrorReply> {
    if !call.words.len().is_multiple_of(2) {
        return Err(ErrorReply::arity(call.spec.name));
    }
    let key = &call.words[1];
    let fields = pairs(&call.words[2..]);
    let hash = call.hash_to_fill(key)?;
    let added = fields.filter(|(field, value)| hash.insert((*field).clone(), (*value).clone())).count();
    call.modified(key);
    call.notify(Events::HASH, "hset", key);
    Ok(added)
}

pub(super) fn hsetnx(call: &mut Call<'_>) -> Answer {
    let [_, key, field, value] = call.words else { return call.wrong_arity() };
    let hash = call.hash_to_fill(key)?;
    if hash.get(field).is_some() {
        return Ok(false.into());
    }
    hash.insert(field.clone(), value.clone());
    call.modified(key);
    call.notify(Events::HASH, "hset", key);
    Ok(true.into())
}

pub(super) fn hincrbyfloat(call: &mut Call<'_>) -> Answer {
    let [_, key, field, more] = call.words else { return call.wrong_arity() };
    let more = LongDouble::parse(more).ok_or(ErrorReply::NOT_A_FLOAT)?;
    if more == LongDouble::Infinite {
        return Err(ErrorReply::fixed("ERR value is NaN or Infinity"));
    }
    let hash = call.hash_to_fill(key)?;
    let old = match hash.get(field) {
        None => LongDouble::ZERO,
        Some(text) => LongDouble::parse(text).ok_or(ErrorReply::fixed("ERR hash value is not a float"))?,
    };
    let sum = old.plus(&more).ok_or(ErrorReply::fixed("ERR increment would produce NaN or Infinity"))?;
    let sum = Bytes::from(sum.to_string());
    hash.insert(field.clone(), sum.clone());
    call.modified(key);
    call.notify(Events::HASH, "hincrbyfloat", key);
    Ok(Reply::Bulk(sum))
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

pub(super) fn hkeys(call: &mut Call<'_>) -> Answer {
    let fields = call.hash(&call.words[1])?.into_iter().flat_map(Hash::iter);
    Ok(Reply::Array(fields.map(|(field, _)| Reply::Bulk(field.clone())).collect()))
}

pub(super) fn hvals(call: &mut Call<'_>) -> Answer {
    let fields = call.hash(&call.words[1])?.into_iter().flat_map(Hash::iter);
    Ok(Reply::Array(fields.map(|(_, value)| Reply::Bulk(value.clone())).collect()))
}

pub(super) fn hstrlen(call: &mut Call<'_>) -> Answer {
    let field = &call.words[2];
    let length = call.hash(&call.words[1])?.and_then(|hash| hash.get(field)).map_or(0, Bytes::len);
    Ok(Reply::count(length))
}
