//! The work that a script may do before it is stopped.
//!
//! Nobody sends `SCRIPT KILL` to a server that runs in the test's own thread, so a script has a
//! budget. A step is an instruction of the interpreter, or as much work within a library function:
//! a character that a pattern is compared with, an element that is moved. The interpreter's hook
//! counts the instructions; library functions call [`Budget::charge`].
//!
//! An instruction can also copy or compare long strings (`..`, `<`), which no hook sees. Memory
//! tells that there are some: small objects need instructions to be made, so what is in use beyond
//! [`BYTES_PER_INSTRUCTION`] for each is long strings, and the hook charges for these.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use mlua::prelude::LuaError;
use mlua::{HookTriggers, Lua, VmState};

/// Steps that a script may take: a second or so. With strings of many megabytes, each may take a
/// hundred times as long.
const MOST_STEPS: u64 = 100_000_000;
/// Instructions between two calls of the hook. What an instruction copies can be long, so these are
/// few.
const STRIDE: u32 = 250;
/// Bytes of small objects that an instruction makes, at most.
const BYTES_PER_INSTRUCTION: u64 = 200;
/// Bytes of long strings that count as one step of a stride.
const BYTES_PER_STEP: u64 = 64;

/// The script has used its budget. It cannot catch this.
#[derive(Debug, thiserror::Error)]
#[error("ERR script stopped after {MOST_STEPS} steps: does it end?")]
pub(super) struct Endless;

/// The steps that the running script has left.
#[derive(Clone, Debug, Default)]
pub(super) struct Budget(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    left: AtomicU64,
    /// Bytes that may be in use without a long string.
    explained: AtomicU64,
}

impl Budget {
    /// Gives the next script its full budget, and counts its instructions.
    pub(super) fn begin(&self, lua: &Lua) -> Result<(), LuaError> {
        self.0.left.store(MOST_STEPS, Relaxed);
        self.0.explained.store(lua.used_memory() as u64, Relaxed);
        let budget = self.clone();
        lua.set_global_hook(HookTriggers::new().every_nth_instruction(STRIDE), move |lua, _| {
            budget.explain(u64::from(STRIDE) * BYTES_PER_INSTRUCTION);
            let unexplained = (lua.used_memory() as u64).saturating_sub(budget.0.explained.load(Relaxed));
            budget.charge(u64::from(STRIDE) + unexplained / BYTES_PER_STEP)?;
            Ok(VmState::Continue)
        })
    }

    fn explain(&self, bytes: u64) {
        self.0.explained.fetch_add(bytes, Relaxed);
    }

    /// Values were made that took no instruction: the elements of a reply, say.
    pub(super) fn made(&self, values: usize) {
        self.explain(values as u64 * BYTES_PER_INSTRUCTION);
    }

    /// Takes steps off.
    ///
    /// # Errors
    ///
    /// [`Endless`], if there are none left.
    pub(super) fn charge(&self, steps: u64) -> Result<(), LuaError> {
        let left = self.left().saturating_sub(steps);
        self.0.left.store(left, Relaxed);
        if left == 0 { Err(LuaError::external(Endless)) } else { Ok(()) }
    }

    /// The steps that are left.
    pub(super) fn left(&self) -> u64 {
        self.0.left.load(Relaxed)
    }
}
