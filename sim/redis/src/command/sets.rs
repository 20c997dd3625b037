//! Sets.

use bytes::Bytes;

use super::{Answer, Call, ErrorReply};
use crate::keyspace::{Set, Value};
use crate::notify::Events;
use crate::resp::Reply;

impl Call<'_> {
    pub(super) fn members(&mut self, key: &Bytes) -> Result<Option<&Set>, ErrorReply> {
        match self.read(key) {
            None => Ok(None),
            Some(Value::Set(set)) => Ok(Some(set)),
            Some(_) => Err(ErrorReply::WRONG_TYPE),
        }
    }

    pub(super) fn members_to_change(&mut self, key: &Bytes) -> Result<Option<&mut Set>, ErrorReply> {
        match self.write(key) {
            None => Ok(None),
            Some(Value::Set(set)) => Ok(Some(set)),
            Some(_) => Err(ErrorReply::WRONG_TYPE),
        }
    }
}

pub(super) fn sadd(call: &mut Call<'_>) -> Answer {
    let key = &call.words[1];
    let members = &call.words[2..];
    if call.write(key).is_none() {
        call.insert(key, Value::Set(Box::default()));
    }
    let Some(set) = call.members_to_change(key)? else { return Err(ErrorReply::WRONG_TYPE) };
    let added = members.iter().filter(|member| set.insert((*member).clone())).count();
    if added > 0 {
        call.modified(key);
        call.notify(Events::SET, "sadd", key);
    }
    Ok(Reply::count(added))
}

pub(super) fn srem(call: &mut Call<'_>) -> Answer {
    let key = &call.words[1];
    let members = &call.words[2..];
    let Some(set) = call.members_to_change(key)? else { return Ok(Reply::Integer(0)) };
    let removed = members.iter().filter(|member| set.remove(member)).count();
    let is_empty = set.len() == 0;
    if is_empty {
        call.remove(key);
    }
    if removed > 0 {
        call.modified(key);
        call.notify(Events::SET, "srem", key);
    }
    if is_empty {
        call.notify(Events::GENERIC, "del", key);
    }
    Ok(Reply::count(removed))
}

pub(super) fn smembers(call: &mut Call<'_>) -> Answer {
    let members = call.members(&call.words[1])?.into_iter().flat_map(Set::iter);
    Ok(Reply::Set(members.map(Reply::Bulk).collect()))
}

pub(super) fn sismember(call: &mut Call<'_>) -> Answer {
    let member = &call.words[2];
    Ok(call.members(&call.words[1])?.is_some_and(|set| set.contains(member)).into())
}

pub(super) fn scard(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.members(&call.words[1])?.map_or(0, Set::len)))
}

pub(super) fn smismember(call: &mut Call<'_>) -> Answer {
    let members = &call.words[2..];
    let set = call.members(&call.words[1])?;
    let contains = |member: &Bytes| Reply::from(set.is_some_and(|set| set.contains(member)));
    Ok(Reply::Array(members.iter().map(contains).collect()))
}

pub(super) fn smove(call: &mut Call<'_>) -> Answer {
    let [_, from, to, member] = call.words else { return call.wrong_arity() };
    call.write(from);
    call.write(to);
    if call.members_to_change(from)?.is_none() {
        return Ok(false.into());
    }
    call.members_to_change(to)?;
    let Some(source) = call.members_to_change(from)? else { return Ok(false.into()) };
    if from == to {
        return Ok(source.contains(member).into());
    }
    if !source.remove(member) {
        return Ok(false.into());
    }
    let is_empty = source.len() == 0;
    call.notify(Events::SET, "srem", from);
    if is_empty {
        call.remove_empty(from);
    }
    if call.write(to).is_none() {
        call.insert(to, Value::Set(Box::default()));
    }
    call.modified(from);
    if call.members_to_change(to)?.is_some_and(|set| set.insert(member.clone())) {
        call.modified(to);
        call.notify(Events::SET, "sadd", to);
    }
    Ok(true.into())
}
