//! Loading of code within a script: `loadstring` and `load`; and its inverse, `string.dump`.
//!
//! Lua 5.1 loads bytecode without checks, so crafted bytecode can read any memory. As in Redis,
//! only text is loaded: bytecode is an error at its first byte.

use std::borrow::Cow;

use mlua::prelude::LuaError;
use mlua::{Function, Lua, MultiValue, Table, Value};

use super::budget::Budget;
use super::guard::Guard;
use super::raise::{Arguments, PRELUDE, at_caller, plain, unwrap};

/// The environment of the running script.
pub(super) const ENVIRONMENT: &str = "environment";
/// The first byte of bytecode.
const ESCAPE: u8 = 0x1b;

/// The text, so that the interpreter does not load it as bytecode. Lua ignores the leading space.
pub(super) fn as_text(code: &[u8]) -> Cow<'_, [u8]> {
    if code.first() == Some(&ESCAPE) { Cow::Owned([b" ", code].concat()) } else { Cow::Borrowed(code) }
}

/// Replaces functions of Lua's library.
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
                // The error is caught, so its position is no longer needed.
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
        // Functions of the prelude are C functions in Redis, which cannot be dumped.
        let is_prelude = function.info().source.as_deref() == Some(PRELUDE);
        let dumped = if is_prelude { None } else { raw.call::<Value>(function).ok() };
        dumped.ok_or_else(|| at_caller(lua, "unable to dump given function"))
    })?;
    string.raw_set("dump", dump)
}

/// Returns a function, or nil and the error.
fn compile(lua: &Lua, raw: &Function, text: &[u8], name: Value) -> Result<MultiValue, LuaError> {
    let results: MultiValue = raw.call((lua.create_string(as_text(text))?, name))?;
    if let Some(Value::Function(function)) = results.front() {
        function.set_environment(lua.named_registry_value(ENVIRONMENT)?)?;
    }
    Ok(results)
}

/// The concatenated pieces from the reader function, or the error that it raises.
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
        // This is an error already; the interpreter stops reading.
        if text.first() == Some(&ESCAPE) {
            return Ok(Ok(text));
        }
        budget.charge(piece.as_bytes().len() as u64)?;
        if text.len() > most {
            return Err(plain("not enough memory"));
        }
    }
}
