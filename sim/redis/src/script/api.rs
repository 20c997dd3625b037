//! Functions of the table `redis` that do not touch the server.

use mlua::prelude::LuaError;
use mlua::{Lua, MultiValue, Table, Value};
use sha1_smol::Sha1;

use super::convert::whole;
use super::raise::CommandError;

/// `redis.REPL_ALL`: the union of the flags of `redis.set_repl`.
const ALL_REPLICATION: i64 = 3;
/// `redis.LOG_WARNING`: the highest level. The lowest is 0.
const HIGHEST_LEVEL: i64 = 3;

/// Creates the table of the functions.
pub(super) fn functions(lua: &Lua) -> Result<Table, LuaError> {
    let table = lua.create_table()?;
    table.raw_set("log", lua.create_function(log)?)?;
    table.raw_set("set_repl", lua.create_function(set_repl)?)?;
    table.raw_set("sha1hex", lua.create_function(sha1hex)?)?;
    Ok(table)
}

/// Converts a number to an integer as a C cast does; 0 for other values (`lua_tonumber`).
pub(super) fn number_or_zero(lua: &Lua, value: Value) -> Result<i64, LuaError> {
    Ok(number(lua, value)?.unwrap_or(0))
}

fn number(lua: &Lua, value: Value) -> Result<Option<i64>, LuaError> {
    match value {
        value @ (Value::Integer(_) | Value::Number(_) | Value::String(_)) => {
            Ok(lua.coerce_number(value)?.map(whole))
        }
        _ => Ok(None),
    }
}

/// Only checks the arguments, as there is no log.
fn log(lua: &Lua, arguments: MultiValue) -> Result<(), LuaError> {
    if arguments.len() < 2 {
        return Err(CommandError::usage("ERR redis.log() requires two arguments or more."));
    }
    let level = number(lua, arguments.front().cloned().unwrap_or(Value::Nil))?
        .ok_or_else(|| CommandError::usage("ERR First argument must be a number (log level)."))?;
    if (0..=HIGHEST_LEVEL).contains(&level) {
        Ok(())
    } else {
        Err(CommandError::usage("ERR Invalid debug level."))
    }
}

/// Only checks the arguments, as there are no replicas.
fn set_repl(lua: &Lua, mut arguments: MultiValue) -> Result<(), LuaError> {
    let (1, Some(flags)) = (arguments.len(), arguments.pop_front()) else {
        return Err(CommandError::usage("ERR redis.set_repl() requires two arguments."));
    };
    if (0..=ALL_REPLICATION).contains(&number_or_zero(lua, flags)?) {
        return Ok(());
    }
    Err(CommandError::usage(
        "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.",
    ))
}

/// A value that is neither a string nor a number counts as an empty string.
fn sha1hex(lua: &Lua, mut arguments: MultiValue) -> Result<String, LuaError> {
    let (1, Some(text)) = (arguments.len(), arguments.pop_front()) else {
        return Err(CommandError::usage("ERR wrong number of arguments"));
    };
    let text = match text {
        text @ (Value::String(_) | Value::Integer(_) | Value::Number(_)) => lua.coerce_string(text)?,
        _ => None,
    };
    let text = text.map(|text| text.as_bytes().to_vec()).unwrap_or_default();
    Ok(Sha1::from(text).digest().to_string())
}
