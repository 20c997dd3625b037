//! The interpreter, with the part of Lua's library that Redis provides.

use std::fmt;

use mlua::chunk::ChunkMode;
use mlua::prelude::LuaError;
use mlua::{Function, Lua, LuaOptions, MultiValue, StdLib, Table, Value};

use super::budget::Budget;
use super::guard::Guard;
use super::load::{self, ENVIRONMENT, as_text};
use super::raise::{self, Arguments, PRELUDE};
use super::random::Random;
use super::{api, bits, json, message_pack, strings, structs, tables};
use crate::error::ErrorReply;

/// The name of a script in errors.
const CHUNK: &str = "@user_script";
/// Maximum memory of scripts, in bytes.
const MOST_MEMORY: usize = 512 * 1024 * 1024;
/// Steps charged for an out-of-memory error: about the work that precedes it.
const MEMORY_ERROR: u64 = 5_000_000;

/// The interpreter.
#[derive(Clone)]
pub(super) struct Machine {
    pub(super) lua: Lua,
    /// Runs a script: see `prelude.lua`.
    pub(super) run: Function,
    /// Flattens a reply: see `prelude.lua`.
    pub(super) flatten: Function,
    pub(super) budget: Budget,
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine").finish_non_exhaustive()
    }
}

impl Machine {
    pub(super) fn new() -> Self {
        Self::build().expect("the prelude compiles and runs")
    }

    fn build() -> Result<Self, LuaError> {
        let lua = Lua::new_with(StdLib::STRING | StdLib::TABLE | StdLib::MATH, LuaOptions::default())?;
        lua.set_memory_limit(MOST_MEMORY)?;
        let budget = Budget::default();
        let own = |text: &str| lua.load(text).set_name(PRELUDE).into_function();
        let position = lua.create_function(|lua, ()| Ok(innermost_position(lua)))?;
        let [rust, hidden, state] = [lua.create_table()?, lua.create_table()?, lua.create_table()?];
        let globals = lua.globals();
        // Lua's functions that the prelude uses, before they are replaced.
        for (name, raw) in [("raw_get", "rawget"), ("raw_next", "next"), ("raw_setmetatable", "setmetatable")]
        {
            rust.raw_set(name, globals.raw_get::<Value>(raw)?)?;
        }
        let guard = Guard::new(own(include_str!("guard.lua"))?.call((&position, &state))?);
        strings::install(&lua, &globals.raw_get("string")?, &budget, &guard, MOST_MEMORY)?;
        tables::install(&lua, [hidden.clone(), state.clone()], &budget, &guard)?;
        load::install(&lua, state.clone(), &budget, &guard, MOST_MEMORY)?;
        install_random(&lua, &globals.raw_get("math")?)?;
        install_collectgarbage(&lua, &budget)?;
        rust.raw_set("position", position)?;
        rust.raw_set("hidden", hidden)?;
        rust.raw_set("state", state)?;
        rust.raw_set("api", api::functions(&lua)?)?;
        rust.raw_set("cjson", json::library(&lua, &budget)?)?;
        rust.raw_set("bit", bits::library(&lua)?)?;
        rust.raw_set("cmsgpack", message_pack::library(&lua, &budget)?)?;
        rust.raw_set("struct", structs::library(&lua, &budget)?)?;
        rust.raw_set("unwrap", lua.create_function(raise::unwrap)?)?;
        rust.raw_set("version", "7.0.15")?;
        rust.raw_set("version_number", 0x0007_000F)?;
        let set_environment = |lua: &Lua, it: Table| lua.set_named_registry_value(ENVIRONMENT, it);
        rust.raw_set("set_environment", lua.create_function(set_environment)?)?;
        let of = budget.clone();
        rust.raw_set("is_exhausted", lua.create_function(move |_, ()| Ok(of.left() == 0))?)?;
        let of = budget.clone();
        rust.raw_set("stop", lua.create_function(move |_, ()| of.charge(0))?)?;
        let of = budget.clone();
        rust.raw_set("charge_memory", lua.create_function(move |_, ()| of.charge(MEMORY_ERROR))?)?;
        let check_handler = |lua: &Lua, values: MultiValue| match values.len() {
            2.. => Ok(()),
            _ => Err(raise::argument_of_caller(lua, 2, "value expected")),
        };
        rust.raw_set("check_handler", lua.create_function(check_handler)?)?;
        let check_coroutine = |lua: &Lua, ()| -> Result<(), LuaError> {
            Err(raise::argument_of_caller(lua, 1, "coroutine expected"))
        };
        rust.raw_set("check_coroutine", lua.create_function(check_coroutine)?)?;
        let (run, flatten) = own(include_str!("prelude.lua"))?.call(rust)?;
        Ok(Machine { lua, run, flatten, budget })
    }

    pub(super) fn compile(&self, text: &[u8]) -> Result<Function, ErrorReply> {
        let text = as_text(text);
        let chunk = self.lua.load(&*text).set_name(CHUNK).set_mode(ChunkMode::Text);
        chunk.into_function().map_err(|error| {
            let message = match error {
                LuaError::SyntaxError { message, .. } => message,
                other => other.to_string(),
            };
            ErrorReply::new(format!("ERR Error compiling script (new function): {message}"))
        })
    }

    /// Prepares for a script: resets the budget and the random numbers.
    pub(super) fn prepare(&self) -> Result<(), LuaError> {
        self.lua.set_app_data(Random::default());
        self.budget.begin(&self.lua)
    }
}

/// `math.random` and `math.randomseed`, with Redis' random numbers.
fn install_random(lua: &Lua, math: &Table) -> Result<(), LuaError> {
    let random = lua.create_function(|lua, values: MultiValue| {
        let arguments = Arguments::new(lua, values);
        let random = lua.app_data_mut::<Random>().map_or(0.0, |mut random| random.next());
        let (low, high) = match arguments.len() {
            0 => return Ok(random),
            1 => (1, arguments.integer(1)? as i32),
            2 => (arguments.integer(1)? as i32, arguments.integer(2)? as i32),
            _ => return Err(raise::at_caller(lua, "wrong number of arguments")),
        };
        if low > high {
            return Err(raise::argument(lua, arguments.len(), "interval is empty"));
        }
        let count = high.wrapping_sub(low).wrapping_add(1);
        Ok((random * f64::from(count)).floor() + f64::from(low))
    })?;
    let seed = lua.create_function(|lua, values: MultiValue| {
        let seed = Arguments::new(lua, values).integer(1)? as i32;
        lua.set_app_data(Random::seeded(seed));
        Ok(())
    })?;
    math.raw_set("random", random)?;
    math.raw_set("randomseed", seed)
}

/// `collectgarbage`, without settings that would affect later scripts.
fn install_collectgarbage(lua: &Lua, budget: &Budget) -> Result<(), LuaError> {
    let (raw, budget): (Function, _) = (lua.globals().raw_get("collectgarbage")?, budget.clone());
    let collectgarbage = lua.create_function(move |lua, values: MultiValue| {
        let arguments = Arguments::new(lua, values);
        let option = match arguments.get(1) {
            Value::Nil => "collect".to_owned(),
            _ => arguments.string(1)?.to_string_lossy(),
        };
        arguments.optional_integer(2)?;
        match &option[..] {
            "count" => raw.call::<Value>(option),
            "collect" | "step" => {
                budget.charge(lua.used_memory() as u64 / 16)?;
                raw.call::<Value>(option)
            }
            "stop" | "restart" => Ok(Value::Number(0.0)),
            // The default values.
            "setpause" | "setstepmul" => Ok(Value::Number(200.0)),
            other => Err(raise::argument(lua, 1, &format!("invalid option '{other}'"))),
        }
    })?;
    lua.globals().raw_set("collectgarbage", collectgarbage)
}

/// The source and line of the innermost Lua frame outside the prelude.
fn innermost_position(lua: &Lua) -> (Option<String>, Option<usize>) {
    for level in 0.. {
        let frame = lua.inspect_stack(level, |frame| {
            let source = frame.source();
            let is_internal = source.what == "C" || source.source.as_deref() == Some(PRELUDE);
            (!is_internal).then(|| (source.source.map(Into::into), frame.current_line()))
        });
        match frame {
            None => break,
            Some(None) => {}
            Some(Some(position)) => return position,
        }
    }
    (None, None)
}
