//! The interpreter, with what Redis leaves of Lua's library.

use std::fmt;

use mlua::prelude::LuaError;
use mlua::{Function, HookTriggers, Lua, LuaOptions, StdLib, Table, Value, VmState};
use sha1_smol::Sha1;

use super::random::Random;
use crate::command::ErrorReply;

/// The name under which errors speak of a script.
const CHUNK: &str = "@user_script";
/// The name of what is ours.
const PRELUDE: &str = "=prelude";
/// How many steps of the interpreter a script may take: a second or so.
const MOST_STEPS: u64 = 100_000_000;
/// How many steps there are between two looks at how many there were.
const STRIDE: u32 = 1_000_000;
/// How much memory scripts may have.
const MOST_MEMORY: usize = 512 * 1024 * 1024;

/// The interpreter.
#[derive(Clone)]
pub(super) struct Machine {
    pub(super) lua: Lua,
    /// Runs a script: see `prelude.lua`.
    pub(super) run: Function,
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine").finish_non_exhaustive()
    }
}

/// An error that a command replied with, on its way through Lua.
#[derive(Debug, thiserror::Error)]
#[error("{}", String::from_utf8_lossy(.0))]
pub(super) struct CommandError(pub(super) Vec<u8>);

/// The script has taken too many steps. It cannot catch this.
#[derive(Debug, thiserror::Error)]
#[error("ERR script stopped after {MOST_STEPS} steps: does it end?")]
struct Endless;

/// How many steps the script has left.
struct StepsLeft(u64);

impl Machine {
    pub(super) fn new() -> Self {
        Self::build().expect("the prelude is sound")
    }

    fn build() -> Result<Self, LuaError> {
        let lua = Lua::new_with(StdLib::STRING | StdLib::TABLE | StdLib::MATH, LuaOptions::default())?;
        lua.set_memory_limit(MOST_MEMORY)?;
        let prelude = lua.load(include_str!("prelude.lua")).set_name(PRELUDE).into_function()?;
        let random =
            lua.create_function(|lua, ()| Ok(lua.app_data_mut::<Random>().map(|mut random| random.next())))?;
        let seed = lua.create_function(|lua, seed: f64| {
            lua.set_app_data(Random::seeded(seed as i64 as i32));
            Ok(())
        })?;
        let sha1hex = lua.create_function(|_, text: mlua::LuaString| {
            Ok(Sha1::from(&*text.as_bytes()).digest().to_string())
        })?;
        let run = prelude.call((
            lua.create_function(|lua, ()| Ok(place(lua)))?,
            lua.create_function(unwrap)?,
            lua.create_function(|_, error: Value| Ok(is_final(&error)))?,
            sha1hex,
            random,
            seed,
            "7.0.15",
            0x0007_000F,
        ))?;
        Ok(Machine { lua, run })
    }

    pub(super) fn compile(&self, text: &[u8]) -> Result<Function, ErrorReply> {
        self.lua.load(text).set_name(CHUNK).set_mode(mlua::chunk::ChunkMode::Text).into_function().map_err(
            |error| {
                let message = match error {
                    LuaError::SyntaxError { message, .. } => message,
                    other => other.to_string(),
                };
                ErrorReply::new(format!("ERR Error compiling script (new function): {message}"))
            },
        )
    }

    /// Gets ready for a script: it has its share of steps, and its random numbers begin anew.
    pub(super) fn prepare(&self) -> Result<(), LuaError> {
        self.lua.set_app_data(Random::default());
        self.lua.set_app_data(StepsLeft(MOST_STEPS));
        self.lua.set_global_hook(HookTriggers::new().every_nth_instruction(STRIDE), |lua, _| {
            let mut left = lua.app_data_mut::<StepsLeft>();
            let left = left.as_mut().map_or(0, |left| {
                left.0 = left.0.saturating_sub(u64::from(STRIDE));
                left.0
            });
            if left == 0 { Err(LuaError::external(Endless)) } else { Ok(VmState::Continue) }
        })
    }
}

/// The innermost piece of Lua that is not ours, and its line.
fn place(lua: &Lua) -> (Option<String>, Option<usize>) {
    for level in 0.. {
        let frame = lua.inspect_stack(level, |frame| {
            let source = frame.source();
            let is_ours = source.what == "C" || source.source.as_deref() == Some(PRELUDE);
            (!is_ours).then(|| (source.source.map(Into::into), frame.current_line()))
        });
        match frame {
            None => break,
            Some(None) => {}
            Some(Some(place)) => return place,
        }
    }
    (None, None)
}

/// The table that stands for an error of ours; any other error as it is.
fn unwrap(lua: &Lua, error: Value) -> Result<Value, LuaError> {
    let Value::Error(error) = error else { return Ok(error) };
    let text = match (error.downcast_ref::<CommandError>(), error.downcast_ref::<Endless>()) {
        (Some(CommandError(text)), _) => text.clone(),
        (_, Some(endless)) => endless.to_string().into_bytes(),
        _ => format!("ERR {error}").into_bytes(),
    };
    let table: Table = lua.create_table()?;
    table.raw_set("err", lua.create_string(text)?)?;
    Ok(Value::Table(table))
}

fn is_final(error: &Value) -> bool {
    matches!(error, Value::Error(error) if error.downcast_ref::<Endless>().is_some())
}
