//! Errors of library functions, with the texts and positions of Lua's own functions.
//!
//! An error of a Rust function is a value of a separate type in Lua. The functions that catch
//! errors (`pcall`, `xpcall`, `coroutine.resume`) and the script's error handler convert it to the
//! string or the table that Redis provides: see [`unwrap`].

use mlua::prelude::LuaError;
use mlua::{Lua, LuaString, MultiValue, Table, Value};

use super::budget::Endless;

/// The chunk name of the prelude.
pub(super) const PRELUDE: &str = "=prelude";
/// Registry name of the raised Lua value until [`unwrap`] reads it.
const PENDING: &str = "pending error";

/// A raised string.
#[derive(Debug, thiserror::Error)]
#[error("{}", String::from_utf8_lossy(.0))]
struct Text(Vec<u8>);

/// A raised Lua value, stored at [`PENDING`].
#[derive(Debug, thiserror::Error)]
#[error("a raised Lua value")]
struct Pending;

/// An error of `redis.call` and similar functions: a table with the text.
#[derive(Debug, thiserror::Error)]
#[error("{}", String::from_utf8_lossy(.text))]
pub(super) struct CommandError {
    pub(super) text: Vec<u8>,
    /// Whether an existing command has failed. The table then has another field.
    pub(super) is_of_command: bool,
}

impl CommandError {
    /// A usage error of a function of `redis`.
    pub(super) fn usage(text: &str) -> LuaError {
        LuaError::external(CommandError { text: text.into(), is_of_command: false })
    }
}

/// An error without a position, as the interpreter raises it within a C function.
pub(super) fn plain(text: impl Into<Vec<u8>>) -> LuaError {
    LuaError::external(Text(text.into()))
}

/// An error with the position of the call in front (`luaL_error`).
pub(super) fn at_caller(lua: &Lua, text: &str) -> LuaError {
    at_level(lua, 1, text)
}

fn at_level(lua: &Lua, level: usize, text: &str) -> LuaError {
    let position = lua.inspect_stack(level, |frame| {
        let line = frame.current_line()?;
        Some(format!("{}:{line}: ", frame.source().short_src.unwrap_or_default()))
    });
    plain(format!("{}{text}", position.flatten().unwrap_or_default()))
}

/// An error about an argument of the function. `number` counts from 1 (`luaL_argerror`).
pub(super) fn argument(lua: &Lua, number: usize, text: &str) -> LuaError {
    argument_at(lua, 0, number, text)
}

/// An error about an argument of the function's caller.
pub(super) fn argument_of_caller(lua: &Lua, number: usize, text: &str) -> LuaError {
    argument_at(lua, 1, number, text)
}

fn argument_at(lua: &Lua, level: usize, number: usize, text: &str) -> LuaError {
    let names = lua.inspect_stack(level, |frame| {
        let names = frame.names();
        (names.name.map(|name| name.into_owned()), names.name_what == Some("method"))
    });
    let (name, is_method) = names.unwrap_or_default();
    let name = name.unwrap_or_else(|| "?".to_owned());
    // The object of a method is not counted.
    let text = match number - usize::from(is_method) {
        0 => format!("calling '{name}' on bad self ({text})"),
        number => format!("bad argument #{number} to '{name}' ({text})"),
    };
    at_level(lua, level + 1, &text)
}

/// Raises a Lua value.
pub(super) fn value(lua: &Lua, error: Value) -> LuaError {
    match error {
        Value::Error(error) => *error,
        error => match lua.set_named_registry_value(PENDING, error) {
            Ok(()) => LuaError::external(Pending),
            Err(error) => error,
        },
    }
}

/// The Lua value of an error of this module; any other value unchanged.
pub(super) fn unwrap(lua: &Lua, error: Value) -> Result<Value, LuaError> {
    let Value::Error(error) = error else { return Ok(error) };
    if error.downcast_ref::<Pending>().is_some() {
        return lua.named_registry_value(PENDING);
    }
    if let Some(Text(text)) = error.downcast_ref() {
        return Ok(Value::String(lua.create_string(text)?));
    }
    if let Some(CommandError { text, is_of_command }) = error.downcast_ref() {
        return error_table(lua, text, *is_of_command).map(Value::Table);
    }
    if let Some(endless) = error.downcast_ref::<Endless>() {
        return error_table(lua, endless.to_string().as_bytes(), false).map(Value::Table);
    }
    let text = error.to_string();
    Ok(Value::String(lua.create_string(text.lines().next().unwrap_or_default())?))
}

/// Creates the error table that a script receives.
pub(super) fn error_table(lua: &Lua, text: &[u8], is_of_command: bool) -> Result<Table, LuaError> {
    let table = lua.create_table_from([("err", lua.create_string(text)?)])?;
    if is_of_command {
        table.raw_set("ignore_error_stats_update", true)?;
    }
    Ok(table)
}

/// The arguments of a library function. Each method checks one argument; `number` counts from 1.
#[derive(Debug)]
pub(super) struct Arguments<'l> {
    lua: &'l Lua,
    values: MultiValue,
}

impl<'l> Arguments<'l> {
    pub(super) fn new(lua: &'l Lua, values: MultiValue) -> Self {
        Arguments { lua, values }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn get(&self, number: usize) -> Value {
        self.values.get(number - 1).cloned().unwrap_or(Value::Nil)
    }

    fn wrong_type(&self, number: usize, expected: &str) -> LuaError {
        let found = self.values.get(number - 1).map_or("no value", type_name);
        argument(self.lua, number, &format!("{expected} expected, got {found}"))
    }

    /// A string, or a number converted to one.
    pub(super) fn string(&self, number: usize) -> Result<LuaString, LuaError> {
        match self.get(number) {
            Value::String(text) => Ok(text),
            value @ (Value::Integer(_) | Value::Number(_)) => {
                self.lua.coerce_string(value)?.ok_or_else(|| self.wrong_type(number, "string"))
            }
            _ => Err(self.wrong_type(number, "string")),
        }
    }

    /// A number, or a string that contains one, converted as a C cast does.
    pub(super) fn integer(&self, number: usize) -> Result<i64, LuaError> {
        self.number(number).map(super::convert::whole)
    }

    /// A number, or a string that contains one.
    pub(super) fn number(&self, number: usize) -> Result<f64, LuaError> {
        let value = match self.get(number) {
            value @ (Value::Integer(_) | Value::Number(_) | Value::String(_)) => {
                self.lua.coerce_number(value)?
            }
            _ => None,
        };
        value.ok_or_else(|| self.wrong_type(number, "number"))
    }

    /// The same, or `None` for nil.
    pub(super) fn optional_integer(&self, number: usize) -> Result<Option<i64>, LuaError> {
        if self.get(number).is_nil() { Ok(None) } else { self.integer(number).map(Some) }
    }

    pub(super) fn table(&self, number: usize) -> Result<Table, LuaError> {
        match self.get(number) {
            Value::Table(table) => Ok(table),
            _ => Err(self.wrong_type(number, "table")),
        }
    }

    pub(super) fn function(&self, number: usize) -> Result<mlua::Function, LuaError> {
        match self.get(number) {
            Value::Function(function) => Ok(function),
            _ => Err(self.wrong_type(number, "function")),
        }
    }

    /// A value that may be nil but must be present.
    pub(super) fn any(&self, number: usize) -> Result<Value, LuaError> {
        match self.values.get(number - 1) {
            Some(value) => Ok(value.clone()),
            None => Err(argument(self.lua, number, "value expected")),
        }
    }
}

/// The name of a value's type in Lua.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Nil => "nil",
        Value::Boolean(_) => "boolean",
        Value::Integer(_) | Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Table(_) => "table",
        Value::Function(_) => "function",
        Value::Thread(_) => "thread",
        _ => "userdata",
    }
}
