//! Replies as Lua's values, and Lua's values as replies.

use mlua::prelude::LuaError;
use mlua::{Lua, Table, Value};

use crate::resp::{Protocol, Reply, double};

/// How deep a table may be that becomes a reply.
const MOST_DEPTH: usize = 100;

/// A reply as a script sees it.
pub(super) fn to_lua(lua: &Lua, reply: &Reply, protocol: Protocol) -> Result<Value, LuaError> {
    let is_new = protocol == Protocol::Resp3;
    let string = |bytes: &[u8]| lua.create_string(bytes).map(Value::String);
    let field = |name: &str, value: Value| lua.create_table_from([(name, value)]).map(Value::Table);
    match reply {
        Reply::Status(text) => field("ok", string(text)?),
        Reply::Error(text) => field("err", string(text)?),
        Reply::Integer(number) => Ok(Value::Number(*number as f64)),
        Reply::Bulk(bytes) => string(bytes),
        Reply::Null | Reply::NullArray if is_new => Ok(Value::Nil),
        Reply::Null | Reply::NullArray => Ok(Value::Boolean(false)),
        Reply::Map(pairs) if is_new => {
            let map = lua.create_table()?;
            for (key, value) in pairs {
                map.raw_set(to_lua(lua, key, protocol)?, to_lua(lua, value, protocol)?)?;
            }
            field("map", Value::Table(map))
        }
        Reply::Map(pairs) => list(lua, pairs.iter().flat_map(|(key, value)| [key, value]), protocol),
        Reply::Set(items) if is_new => {
            let set = lua.create_table()?;
            for item in items {
                set.raw_set(to_lua(lua, item, protocol)?, true)?;
            }
            field("set", Value::Table(set))
        }
        Reply::Array(items) | Reply::Set(items) | Reply::Push(items) | Reply::Several(items) => {
            list(lua, items, protocol)
        }
        Reply::Double(number) if is_new => field("double", Value::Number(*number)),
        Reply::Double(number) => string(double(*number).as_bytes()),
        Reply::Boolean(yes) if is_new => Ok(Value::Boolean(*yes)),
        Reply::Boolean(yes) => Ok(Value::Number(f64::from(*yes))),
        Reply::BigNumber(digits) if is_new => field("big_number", string(digits)?),
        Reply::Verbatim(format, text) if is_new => {
            let parts = [("string", string(text)?), ("format", string(format)?)];
            field("verbatim_string", Value::Table(lua.create_table_from(parts)?))
        }
        Reply::BigNumber(text) | Reply::Verbatim(_, text) => string(text),
    }
}

fn list<'r>(
    lua: &Lua,
    items: impl IntoIterator<Item = &'r Reply>,
    protocol: Protocol,
) -> Result<Value, LuaError> {
    let table = lua.create_table()?;
    for (at, item) in items.into_iter().enumerate() {
        table.raw_set(at + 1, to_lua(lua, item, protocol)?)?;
    }
    Ok(Value::Table(table))
}

/// What a script has returned, as the reply to it. The protocol is the script's own.
pub(super) fn to_reply(value: &Value, protocol: Protocol) -> Result<Reply, LuaError> {
    nested(value, protocol, MOST_DEPTH)
}

fn nested(value: &Value, protocol: Protocol, depth: usize) -> Result<Reply, LuaError> {
    Ok(match value {
        Value::String(text) => Reply::bulk(text.as_bytes().to_vec()),
        Value::Boolean(yes) if protocol == Protocol::Resp3 => Reply::Boolean(*yes),
        Value::Boolean(true) => Reply::Integer(1),
        Value::Integer(number) => Reply::Integer(*number),
        Value::Number(number) => Reply::Integer(whole(*number)),
        Value::Table(_) if depth == 0 => Reply::Error("ERR reached lua stack limit".into()),
        Value::Table(table) => from_table(table, protocol, depth - 1)?,
        _ => Reply::Null,
    })
}

/// As C casts it on the machines that Redis runs on.
fn whole(number: f64) -> i64 {
    if (i64::MIN as f64..i64::MAX as f64).contains(&number) { number as i64 } else { i64::MIN }
}

fn from_table(table: &Table, protocol: Protocol, depth: usize) -> Result<Reply, LuaError> {
    let field = |name: &str| table.raw_get::<Value>(name);
    if let Value::String(text) = field("err")? {
        return Ok(Reply::Error(text.as_bytes().to_vec().into()));
    }
    if let Value::String(text) = field("ok")? {
        return Ok(Reply::Status(text.as_bytes().to_vec().into()));
    }
    match field("double")? {
        Value::Number(number) => return Ok(Reply::Double(number)),
        Value::Integer(number) => return Ok(Reply::Double(number as f64)),
        _ => {}
    }
    if let Value::String(digits) = field("big_number")? {
        return Ok(Reply::BigNumber(digits.as_bytes().to_vec().into()));
    }
    if let Value::Table(verbatim) = field("verbatim_string")? {
        let parts = (verbatim.raw_get::<Value>("format")?, verbatim.raw_get::<Value>("string")?);
        if let (Value::String(format), Value::String(text)) = parts {
            let mut three = *b"   ";
            format.as_bytes().iter().zip(&mut three).for_each(|(from, to)| *to = *from);
            return Ok(Reply::Verbatim(three, text.as_bytes().to_vec().into()));
        }
    }
    if let Value::Table(map) = field("map")? {
        let pairs = map.pairs::<Value, Value>().map(|pair| {
            let (key, value) = pair?;
            Ok((nested(&key, protocol, depth)?, nested(&value, protocol, depth)?))
        });
        return Ok(Reply::Map(pairs.collect::<Result<_, LuaError>>()?));
    }
    if let Value::Table(set) = field("set")? {
        let items = set.pairs::<Value, Value>().map(|pair| nested(&pair?.0, protocol, depth));
        return Ok(Reply::Set(items.collect::<Result<_, LuaError>>()?));
    }
    let mut items = Vec::new();
    loop {
        match table.raw_get::<Value>(items.len() + 1)? {
            Value::Nil => return Ok(Reply::Array(items)),
            item => items.push(nested(&item, protocol, depth)?),
        }
    }
}
