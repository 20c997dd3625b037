//! The work that a script can do before it is stopped.
//!
//! The server runs in the test's own thread, so no client can send `SCRIPT KILL`; a script has a
//! budget instead. A step is one instruction of the interpreter, or comparable work in a library
//! function: one character compared with a pattern, one element moved. The interpreter's hook
//! counts the instructions; library functions call [`Budget::charge`].
//!
//! An instruction can also copy or compare long strings (`..`, `<`), which no hook sees. The memory
//! shows them: small objects need instructions to be created, so memory beyond
//! [`BYTES_PER_INSTRUCTION`] per instruction consists of long strings. The hook charges for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use mlua::prelude::LuaError;
use mlua::{HookTriggers, Lua, VmState};

/// Steps per script: about a second of work; up to 100 times as long with strings of many
/// megabytes.
const MOST_STEPS: u64 = 100_000_000;
/// Instructions between two calls of the hook. Small, because an instruction can copy a long
/// string.
const STRIDE: u32 = 250;
/// Maximum size of the small objects that one instruction creates, in bytes.
const BYTES_PER_INSTRUCTION: u64 = 200;
/// Bytes of long strings that count as one step of a stride.
const BYTES_PER_STEP: u64 = 64;

/// The script has used its budget. It cannot catch this error.
#[derive(Debug, thiserror::Error)]
#[error("ERR script stopped after {MOST_STEPS} steps: check it for an endless loop")]
pub(super) struct Endless;

/// The remaining steps of the running script.
#[derive(Clone, Debug, Default)]
pub(super) struct Budget(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    left: AtomicU64,
    /// Memory that can be in use without long strings, in bytes.
    explained: AtomicU64,
}

impl Budget {
    /// Resets the budget for the next script, and counts its instructions.
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

    /// Accounts for values created without instructions, such as the elements of a reply.
    pub(super) fn made(&self, values: usize) {
        self.explain(values as u64 * BYTES_PER_INSTRUCTION);
    }

    /// Charges steps.
    ///
    /// # Errors
    ///
    /// [`Endless`], if no steps are left.
    pub(super) fn charge(&self, steps: u64) -> Result<(), LuaError> {
        let left = self.left().saturating_sub(steps);
        self.0.left.store(left, Relaxed);
        if left == 0 { Err(LuaError::external(Endless)) } else { Ok(()) }
    }

    /// The remaining steps.
    pub(super) fn left(&self) -> u64 {
        self.0.left.load(Relaxed)
    }
}
