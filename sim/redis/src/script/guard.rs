//! Calls from Rust of a script's functions, and of Lua's own. An error retains its value and its
//! position.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use mlua::prelude::LuaError;
use mlua::{Function, Lua, MultiValue, Value};

use super::raise::{at_caller, plain, value};

/// Maximum depth of nested calls. Each uses the native stack: 256 KiB in an exploration.
const MOST_DEPTH: usize = 24;
/// The position that a C function adds to its error when `guard.lua` calls it.
const PRELUDE_POSITION: &[u8] = b"prelude:";

/// Calls functions that can raise a script's errors.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    /// Calls a function: see `guard.lua`.
    apply: Function,
    depth: Arc<AtomicUsize>,
}

/// A call in progress.
struct DepthGuard<'g>(&'g AtomicUsize);

impl Drop for DepthGuard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Guard {
    pub(super) fn new(apply: Function) -> Self {
        Guard { apply, depth: Arc::default() }
    }

    /// Calls the function, and returns its first result.
    ///
    /// # Errors
    ///
    /// The error that the function raises, unchanged.
    pub(super) fn call(
        &self,
        lua: &Lua,
        function: &Function,
        arguments: MultiValue,
    ) -> Result<Value, LuaError> {
        self.call_raw(lua, function, arguments, &[])
    }

    /// Calls a function of Lua's library after its arguments were checked. Its errors have no
    /// position, because no line of the script calls it; errors that begin with one of `positioned`
    /// get one.
    pub(super) fn call_raw(
        &self,
        lua: &Lua,
        function: &Function,
        mut arguments: MultiValue,
        positioned: &[&str],
    ) -> Result<Value, LuaError> {
        self.depth.fetch_add(1, Relaxed);
        let guard = DepthGuard(&self.depth);
        if guard.0.load(Relaxed) > MOST_DEPTH {
            return Err(plain("C stack overflow"));
        }
        arguments.push_front(Value::Function(function.clone()));
        match self.apply.call::<(bool, Value)>(arguments)? {
            (true, result) => Ok(result),
            (false, Value::String(text)) => {
                let bytes = &*text.as_bytes();
                let text = without_position(bytes);
                let has_position = positioned.iter().any(|it| text.starts_with(it.as_bytes()));
                Err(if has_position { at_caller(lua, &String::from_utf8_lossy(text)) } else { plain(text) })
            }
            (false, error) => Err(value(lua, error)),
        }
    }
}

/// The text without a position in the prelude.
fn without_position(text: &[u8]) -> &[u8] {
    let after = text.strip_prefix(PRELUDE_POSITION).and_then(|rest| {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest[digits..].strip_prefix(b": ")
    });
    after.unwrap_or(text)
}
