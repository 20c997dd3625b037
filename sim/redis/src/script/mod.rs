//! Scripts in Lua 5.1: `EVAL`, `EVALSHA`, `SCRIPT`.
//!
//! [`Scripts`] knows scripts by their hashes. `machine.rs` has the interpreter with what Redis leaves of Lua's library,
//! `prelude.lua` the part of that which is itself Lua; `run.rs` runs a script, and `convert.rs` turns replies into Lua's
//! values and back.
//!
//! A script cannot change what the next one finds: its globals are its own, and so are its random numbers. `cjson`, `cmsgpack`, `struct` and `bit` are
//! not there. One that does not end is stopped after a number of steps, since there is nobody to send `SCRIPT KILL`.

mod convert;
mod machine;
mod random;
mod run;
mod scripts;
mod shebang;

pub(crate) use run::run;
pub(crate) use scripts::Scripts;
