//! Conversion between replies and Lua values.

use mlua::prelude::LuaError;
use mlua::{Lua, Table, Value};

use super::machine::Machine;
use super::raise::error_table;
use crate::resp::{Level, Part, Protocol, Reply, assemble, double};

/// Converts a reply to a script's value.
pub(super) fn to_lua(lua: &Lua, reply: &Reply, protocol: Protocol) -> Result<Value, LuaError> {
    let is_resp3 = protocol == Protocol::Resp3;
    let string = |bytes: &[u8]| lua.create_string(bytes).map(Value::String);
    let field = |name: &str, value: Value| lua.create_table_from([(name, value)]).map(Value::Table);
    match reply {
        Reply::Status(text) => field("ok", string(text)?),
        Reply::Error(text) => error_table(lua, text, true).map(Value::Table),
        Reply::Integer(number) => Ok(Value::Number(*number as f64)),
        Reply::Bulk(bytes) => string(bytes),
        Reply::Null | Reply::NullArray if is_resp3 => Ok(Value::Nil),
        Reply::Null | Reply::NullArray => Ok(Value::Boolean(false)),
        Reply::Map(pairs) if is_resp3 => {
            let map = lua.create_table()?;
            for (key, value) in pairs {
                map.raw_set(to_lua(lua, key, protocol)?, to_lua(lua, value, protocol)?)?;
            }
            field("map", Value::Table(map))
        }
        Reply::Map(pairs) => list(lua, pairs.iter().flat_map(|(key, value)| [key, value]), protocol),
        Reply::Set(items) if is_resp3 => {
            let set = lua.create_table()?;
            for item in items {
                set.raw_set(to_lua(lua, item, protocol)?, true)?;
            }
            field("set", Value::Table(set))
        }
        Reply::Array(items) | Reply::Set(items) | Reply::Push(items) | Reply::Several(items) => {
            list(lua, items, protocol)
        }
        Reply::Double(number) if is_resp3 => field("double", Value::Number(*number)),
        Reply::Double(number) => string(double(*number).as_bytes()),
        Reply::Boolean(yes) if is_resp3 => Ok(Value::Boolean(*yes)),
        Reply::Boolean(yes) => Ok(Value::Number(f64::from(*yes))),
        Reply::BigNumber(digits) if is_resp3 => field("big_number", string(digits)?),
        Reply::Verbatim(format, text) if is_resp3 => {
            let parts = [("string", string(text)?), ("format", string(format)?)];
            field("verbatim_string", Value::Table(lua.create_table_from(parts)?))
        }
        Reply::BigNumber(text) | Reply::Verbatim(_, text) => string(text),
        // Only a script's reply can be this deep, and a script cannot call another script.
        Reply::Deep(_) => Ok(Value::Nil),
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

/// Converts a script's return value to its reply. `protocol` is the script's own.
pub(super) fn to_reply(machine: &Machine, value: &Value, protocol: Protocol) -> Result<Reply, LuaError> {
    let parts: Table = machine.flatten.call(value)?;
    let mut values = parts.sequence_values::<Value>();
    let mut next = || values.next().unwrap_or(Ok(Value::Nil));
    let mut result = Vec::new();
    while let Value::String(kind) = next()? {
        let content = next()?;
        let count = |value: &Value| number(value) as usize;
        let text = |value: &Value| value.as_string().map(|text| text.as_bytes().to_vec()).unwrap_or_default();
        result.push(match &*kind.as_bytes() {
            b"array" => Part::Open(Level::Array, count(&content)),
            b"map" => Part::Open(Level::Map, count(&content)),
            b"set" => Part::Open(Level::Set, count(&content)),
            b"string" => Part::Whole(Reply::bulk(text(&content))),
            b"number" => Part::Whole(Reply::Integer(whole(number(&content)))),
            b"boolean" => Part::Whole(match content.as_boolean() {
                Some(yes) if protocol == Protocol::Resp3 => Reply::Boolean(yes),
                Some(true) => Reply::Integer(1),
                _ => Reply::Null,
            }),
            b"err" => Part::Whole(Reply::Error(until_nul(text(&content)).into())),
            b"ok" => Part::Whole(Reply::Status(until_nul(text(&content)).into())),
            b"double" => Part::Whole(Reply::Double(number(&content))),
            b"big_number" => Part::Whole(Reply::BigNumber(text(&content).into())),
            b"verbatim_string" => {
                next()?;
                let mut format = *b"   ";
                text(&next()?).iter().zip(&mut format).for_each(|(from, to)| *to = *from);
                Part::Whole(Reply::Verbatim(format, text(&content).into()))
            }
            b"limit" => Part::Whole(Reply::Error("ERR reached lua stack limit".into())),
            _ => Part::Whole(Reply::Null),
        });
    }
    Ok(assemble(result))
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Integer(number) => *number as f64,
        Value::Number(number) => *number,
        _ => 0.0,
    }
}

/// Truncates a text at its first NUL, as C does.
pub(super) fn until_nul(mut text: Vec<u8>) -> Vec<u8> {
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    text.truncate(end);
    text
}

/// Converts like a C cast on x86-64: a number out of range becomes `i64::MIN`.
pub(super) fn whole(number: f64) -> i64 {
    if (i64::MIN as f64..i64::MAX as f64).contains(&number) { number as i64 } else { i64::MIN }
}
