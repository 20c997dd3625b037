//! The library `cjson`, without its settings (lua-cjson 2.1.0).
//!
//! Both directions use a stack of their own, because a script's native stack is small in an
//! exploration.

use mlua::prelude::LuaError;
use mlua::{Lua, MultiValue, Table, Value};

use super::budget::Budget;
use super::json_tokens::{Token, Tokens};
use super::raise::{Arguments, argument, at_caller, type_name};
use crate::resp::general;

/// Maximum depth of nested tables.
const MOST_DEPTH: usize = 1000;
/// Digits of an encoded number.
const DIGITS: usize = 14;
/// An array may have holes if its length is at most this.
const SAFE_LENGTH: f64 = 10.0;
/// A longer array may have this many places per element.
const MOST_SPARSE: f64 = 2.0;

/// Creates the library.
pub(super) fn library(lua: &Lua, budget: &Budget) -> Result<Table, LuaError> {
    let table = lua.create_table()?;
    let of = budget.clone();
    table.raw_set("encode", lua.create_function(move |lua, values| encode(lua, values, &of))?)?;
    let of = budget.clone();
    table.raw_set("decode", lua.create_function(move |lua, values| decode(lua, values, &of))?)?;
    table.raw_set("null", Value::NULL)?;
    table.raw_set("_NAME", "cjson")?;
    table.raw_set("_VERSION", "2.1.0")?;
    Ok(table)
}

/// A table whose encoding has begun.
enum Open {
    Array { table: Table, next: i64, length: i64 },
    Object { pairs: Vec<(Value, Value)>, is_first: bool },
}

fn encode(lua: &Lua, values: MultiValue, budget: &Budget) -> Result<mlua::LuaString, LuaError> {
    let (1, Some(value)) = (values.len(), values.front().cloned()) else {
        return Err(argument(lua, 1, "expected 1 argument"));
    };
    let mut json = Vec::new();
    let mut stack = Vec::new();
    append(lua, value, &mut json, &mut stack, budget)?;
    while let Some(open) = stack.last_mut() {
        let value = match open {
            Open::Array { next, length, .. } if *next > *length => {
                json.push(b']');
                stack.pop();
                continue;
            }
            Open::Array { table, next, .. } => {
                if *next > 1 {
                    json.push(b',');
                }
                *next += 1;
                table.raw_get::<Value>(*next - 1)?
            }
            Open::Object { pairs, is_first } => {
                let Some((key, value)) = pairs.pop() else {
                    json.push(b'}');
                    stack.pop();
                    continue;
                };
                if !std::mem::take(is_first) {
                    json.push(b',');
                }
                append_key(lua, &key, &mut json)?;
                value
            }
        };
        append(lua, value, &mut json, &mut stack, budget)?;
    }
    lua.create_string(json)
}

fn unsupported(lua: &Lua, value: &Value, reason: &str) -> LuaError {
    at_caller(lua, &format!("Cannot serialise {}: {reason}", type_name(value)))
}

/// Appends a value, or opens a table.
fn append(
    lua: &Lua,
    value: Value,
    json: &mut Vec<u8>,
    stack: &mut Vec<Open>,
    budget: &Budget,
) -> Result<(), LuaError> {
    match value {
        value if value.is_null() || value.is_nil() => json.extend(b"null"),
        Value::Boolean(true) => json.extend(b"true"),
        Value::Boolean(false) => json.extend(b"false"),
        Value::Integer(_) | Value::Number(_) => append_number(lua, &value, json)?,
        Value::String(text) => {
            budget.charge(text.as_bytes().len() as u64)?;
            append_text(&text.as_bytes(), json);
        }
        Value::Table(table) => {
            let depth = stack.len() + 1;
            if depth > MOST_DEPTH {
                return Err(at_caller(lua, &format!("Cannot serialise, excessive nesting ({depth})")));
            }
            let mut pairs = table.pairs::<Value, Value>().collect::<Result<Vec<_>, _>>()?;
            budget.charge(1 + pairs.len() as u64)?;
            match array_length(lua, &pairs)? {
                Some(length) => {
                    budget.charge(length as u64)?;
                    json.push(b'[');
                    stack.push(Open::Array { table, next: 1, length });
                }
                None => {
                    json.push(b'{');
                    pairs.reverse();
                    stack.push(Open::Object { pairs, is_first: true });
                }
            }
        }
        other => return Err(unsupported(lua, &other, "type not supported")),
    }
    Ok(())
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

/// The length of the array, if all keys are positive integers and there is one.
fn array_length(lua: &Lua, pairs: &[(Value, Value)]) -> Result<Option<i64>, LuaError> {
    let mut longest = 0.0_f64;
    for (key, _) in pairs {
        match number(key).filter(|key| key.floor() == *key && *key >= 1.0) {
            Some(key) => longest = longest.max(key),
            None => return Ok(None),
        }
    }
    if longest > pairs.len() as f64 * MOST_SPARSE && longest > SAFE_LENGTH {
        return Err(at_caller(lua, "Cannot serialise table: excessively sparse array"));
    }
    Ok((longest > 0.0).then_some(longest as i64))
}

fn append_number(lua: &Lua, value: &Value, json: &mut Vec<u8>) -> Result<(), LuaError> {
    let number = number(value).unwrap_or_default();
    if !number.is_finite() {
        return Err(unsupported(lua, value, "must not be NaN or Inf"));
    }
    json.extend(general(number, DIGITS).into_bytes());
    Ok(())
}

fn append_key(lua: &Lua, key: &Value, json: &mut Vec<u8>) -> Result<(), LuaError> {
    match key {
        Value::Integer(_) | Value::Number(_) => {
            json.push(b'"');
            append_number(lua, key, json)?;
            json.push(b'"');
        }
        Value::String(text) => append_text(&text.as_bytes(), json),
        other => return Err(unsupported(lua, other, "table key must be a number or string")),
    }
    json.push(b':');
    Ok(())
}

fn append_text(text: &[u8], json: &mut Vec<u8>) {
    json.push(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' | b'/' => json.extend([b'\\', *byte]),
            0x08 => json.extend(b"\\b"),
            b'\t' => json.extend(b"\\t"),
            b'\n' => json.extend(b"\\n"),
            0x0c => json.extend(b"\\f"),
            b'\r' => json.extend(b"\\r"),
            0x00..=0x1f | 0x7f => json.extend(format!("\\u{byte:04x}").into_bytes()),
            other => json.push(*other),
        }
    }
    json.push(b'"');
}

/// A table whose decoding has begun.
struct Unfinished {
    table: Table,
    /// The key of the next value: an index, or the name of a field.
    key: Value,
    is_array: bool,
}

fn decode(lua: &Lua, values: MultiValue, budget: &Budget) -> Result<Value, LuaError> {
    let arguments = Arguments::new(lua, values);
    if arguments.len() != 1 {
        return Err(argument(lua, 1, "expected 1 argument"));
    }
    let text = arguments.string(1)?;
    let text = text.as_bytes();
    if text.len() >= 2 && (text[0] == 0 || text[1] == 0) {
        return Err(at_caller(lua, "JSON parser does not support UTF-16 or UTF-32"));
    }
    let mut tokens = Tokens::new(&text);
    let mut stack: Vec<Unfinished> = Vec::new();
    let mut token = tokens.next();
    loop {
        budget.charge(1)?;
        // `token` begins a value.
        let mut value = match token {
            Token::Text(text) => Value::String(lua.create_string(text)?),
            Token::Number(number) => Value::Number(number),
            Token::Boolean(yes) => Value::Boolean(yes),
            Token::Null => Value::NULL,
            Token::ObjectBegin | Token::ArrayBegin => {
                let is_array = token == Token::ArrayBegin;
                let depth = stack.len() + 1;
                if depth > MOST_DEPTH {
                    let at = tokens.position();
                    let text = format!("Found too many nested data structures ({depth}) at character {at}");
                    return Err(at_caller(lua, &text));
                }
                let table = lua.create_table()?;
                let first = tokens.next();
                if first == (if is_array { Token::ArrayEnd } else { Token::ObjectEnd }) {
                    Value::Table(table)
                } else {
                    let key =
                        if is_array { Value::Integer(1) } else { key(lua, &mut tokens, first.clone())? };
                    stack.push(Unfinished { table, key, is_array });
                    token = if is_array { first } else { tokens.next() };
                    continue;
                }
            }
            other => return Err(unexpected(lua, &tokens, "value", &other)),
        };
        // The value is complete: it completes the tables that end after it.
        loop {
            let Some(open) = stack.last_mut() else {
                let last = tokens.next();
                if last != Token::End {
                    return Err(unexpected(lua, &tokens, "the end", &last));
                }
                return Ok(value);
            };
            open.table.raw_set(open.key.clone(), value)?;
            let next = tokens.next();
            match (next, open.is_array) {
                (Token::ArrayEnd, true) | (Token::ObjectEnd, false) => {
                    value = stack.pop().map_or(Value::Nil, |open| Value::Table(open.table));
                }
                (Token::Comma, true) => {
                    if let Value::Integer(index) = &mut open.key {
                        *index += 1;
                    }
                    break;
                }
                (Token::Comma, false) => {
                    let name = tokens.next();
                    open.key = key(lua, &mut tokens, name)?;
                    break;
                }
                (other, true) => return Err(unexpected(lua, &tokens, "comma or array end", &other)),
                (other, false) => return Err(unexpected(lua, &tokens, "comma or object end", &other)),
            }
        }
        token = tokens.next();
    }
}

/// The name of a field, with the colon after it.
fn key(lua: &Lua, tokens: &mut Tokens<'_>, name: Token) -> Result<Value, LuaError> {
    let Token::Text(name) = name else {
        return Err(unexpected(lua, tokens, "object key string", &name));
    };
    let colon = tokens.next();
    if colon != Token::Colon {
        return Err(unexpected(lua, tokens, "colon", &colon));
    }
    Ok(Value::String(lua.create_string(name)?))
}

fn unexpected(lua: &Lua, tokens: &Tokens<'_>, expected: &str, found: &Token) -> LuaError {
    let (found, at) = (found.name(), tokens.start() + 1);
    at_caller(lua, &format!("Expected {expected} but found {found} at character {at}"))
}
