//! Calls of a script's functions, and of Lua's own, from ours: an error keeps its value and its
//! place.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use mlua::prelude::LuaError;
use mlua::{Function, Lua, MultiValue, Value};

use super::raise::{at_caller, plain, value};

/// Calls within one another. Each uses the stack of the process: in an exploration, 256 KiB.
const MOST_DEPTH: usize = 24;
/// What a C function puts before its error if `guard.lua` has called it.
const OUR_PLACE: &[u8] = b"prelude:";

/// Calls of functions that may raise errors of the script's.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    /// Calls a function: see `guard.lua`.
    apply: Function,
    depth: Arc<AtomicUsize>,
}

/// A call that is under way.
struct Deeper<'g>(&'g AtomicUsize);

impl Drop for Deeper<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Guard {
    pub(super) fn new(apply: Function) -> Self {
        Guard { apply, depth: Arc::default() }
    }

    /// Calls the function. Its first result.
    ///
    /// # Errors
    ///
    /// What the function raises, as it raised it.
    pub(super) fn call(
        &self,
        lua: &Lua,
        function: &Function,
        arguments: MultiValue,
    ) -> Result<Value, LuaError> {
        self.call_raw(lua, function, arguments, &[])
    }

    /// Calls a function of Lua's library for one of ours that has checked the arguments. What that
    /// raises has no place, since its caller is no line of the script; texts that begin with one of
    /// `placed` get it.
    pub(super) fn call_raw(
        &self,
        lua: &Lua,
        function: &Function,
        mut arguments: MultiValue,
        placed: &[&str],
    ) -> Result<Value, LuaError> {
        self.depth.fetch_add(1, Relaxed);
        let deeper = Deeper(&self.depth);
        if deeper.0.load(Relaxed) > MOST_DEPTH {
            return Err(plain("C stack overflow"));
        }
        arguments.push_front(Value::Function(function.clone()));
        match self.apply.call::<(bool, Value)>(arguments)? {
            (true, result) => Ok(result),
            (false, Value::String(text)) => {
                let bytes = &*text.as_bytes();
                let text = without_place(bytes);
                let is_placed = placed.iter().any(|it| text.starts_with(it.as_bytes()));
                Err(if is_placed { at_caller(lua, &String::from_utf8_lossy(text)) } else { plain(text) })
            }
            (false, error) => Err(value(lua, error)),
        }
    }
}

/// The text without the place of a line of ours.
fn without_place(text: &[u8]) -> &[u8] {
    let after = text.strip_prefix(OUR_PLACE).and_then(|rest| {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest[digits..].strip_prefix(b": ")
    });
    after.unwrap_or(text)
}
