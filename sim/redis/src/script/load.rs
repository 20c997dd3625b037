//! Text that becomes code within a script: `loadstring` and `load`; and back, `string.dump`.
//!
//! Lua 5.1 takes bytecode for what it is, and does not check it: crafted bytecode reads any memory.
//! As in Redis, it is read as text here, and is an error at its first byte.

use std::borrow::Cow;

use mlua::prelude::LuaError;
use mlua::{Function, Lua, MultiValue, Table, Value};

use super::budget::Budget;
use super::guard::Guard;
use super::raise::{Arguments, PRELUDE, at_caller, plain, unwrap};

/// The environment of the running script.
pub(super) const ENVIRONMENT: &str = "environment";
/// What the first byte of bytecode is.
const ESCAPE: u8 = 0x1b;

/// The text, which the interpreter will not take for bytecode: a space before it is none in Lua.
pub(super) fn as_text(code: &[u8]) -> Cow<'_, [u8]> {
    if code.first() == Some(&ESCAPE) { Cow::Owned([b" ", code].concat()) } else { Cow::Borrowed(code) }
}

/// Replaces functions of Lua's library by ours.
pub(super) fn install(
    lua: &Lua,
    state: Table,
    budget: &Budget,
    guard: &Guard,
    most: usize,
) -> Result<(), LuaError> {
    let globals = lua.globals();
    let raw: Function = globals.raw_get("loadstring")?;
    let own = raw.clone();
    let loadstring = lua.create_function(move |lua, values| {
        let arguments = Arguments::new(lua, values);
        let text = arguments.string(1)?;
        let name = if arguments.get(2).is_nil() { text.clone() } else { arguments.string(2)? };
        compile(lua, &own, &text.as_bytes(), Value::String(name))
    })?;
    globals.raw_set("loadstring", loadstring)?;
    let (budget, guard) = (budget.clone(), guard.clone());
    let load = lua.create_function(move |lua, values| {
        let arguments = Arguments::new(lua, values);
        let reader = arguments.function(1)?;
        let name =
            if arguments.get(2).is_nil() { lua.create_string("=(load)")? } else { arguments.string(2)? };
        match read(lua, &reader, &budget, &guard, most)? {
            Ok(text) => compile(lua, &raw, &text, Value::String(name)),
            Err(error) => {
                // It is caught: its place is that of no error any more.
                state.raw_set("source", Value::Nil)?;
                Ok(MultiValue::from_vec(vec![Value::Nil, error]))
            }
        }
    })?;
    globals.raw_set("load", load)?;
    let string: Table = globals.raw_get("string")?;
    let raw: Function = string.raw_get("dump")?;
    let dump = lua.create_function(move |lua, values| {
        let function = Arguments::new(lua, values).function(1)?;
        // Ours are C functions in Redis, which cannot be dumped.
        let is_ours = function.info().source.as_deref() == Some(PRELUDE);
        let dumped = if is_ours { None } else { raw.call::<Value>(function).ok() };
        dumped.ok_or_else(|| at_caller(lua, "unable to dump given function"))
    })?;
    string.raw_set("dump", dump)
}

/// A function, or nil and why there is none.
fn compile(lua: &Lua, raw: &Function, text: &[u8], name: Value) -> Result<MultiValue, LuaError> {
    let results: MultiValue = raw.call((lua.create_string(as_text(text))?, name))?;
    if let Some(Value::Function(function)) = results.front() {
        function.set_environment(lua.named_registry_value(ENVIRONMENT)?)?;
    }
    Ok(results)
}

/// All pieces that a function gives, or the error it raises.
fn read(
    lua: &Lua,
    reader: &Function,
    budget: &Budget,
    guard: &Guard,
    most: usize,
) -> Result<Result<Vec<u8>, Value>, LuaError> {
    let mut text = Vec::new();
    loop {
        let piece = match guard.call(lua, reader, MultiValue::new()) {
            Ok(piece) => piece,
            Err(error) if budget.left() == 0 => return Err(error),
            Err(error) => return unwrap(lua, Value::Error(Box::new(error))).map(Err),
        };
        let piece = match piece {
            Value::Nil => return Ok(Ok(text)),
            piece @ (Value::String(_) | Value::Integer(_) | Value::Number(_)) => lua.coerce_string(piece)?,
            _ => None,
        };
        let Some(piece) = piece else {
            let error = at_caller(lua, "reader function must return a string");
            return unwrap(lua, Value::Error(Box::new(error))).map(Err);
        };
        if piece.as_bytes().is_empty() {
            return Ok(Ok(text));
        }
        text.extend_from_slice(&piece.as_bytes());
        // It is an error already, and the interpreter reads no more.
        if text.first() == Some(&ESCAPE) {
            return Ok(Ok(text));
        }
        budget.charge(piece.as_bytes().len() as u64)?;
        if text.len() > most {
            return Err(plain("not enough memory"));
        }
    }
}
