//! Scripts in Lua 5.1: `EVAL`, `EVALSHA`, `SCRIPT`.
//!
//! [`Scripts`] stores scripts by hash. `machine.rs` creates the interpreter with the part of Lua's
//! library that Redis provides; `prelude.lua` is the part written in Lua. These library functions
//! are replaced: functions whose work Lua 5.1 does not bound (`strings.rs`, with `pattern.rs`),
//! functions that bypass read-only tables (`tables.rs`), and functions that load code (`load.rs`).
//! `api.rs` implements the table `redis`. `raise.rs` gives errors the texts of Lua's functions,
//! `guard.rs` calls functions of a script from Rust, and `budget.rs` counts all steps. `run.rs`
//! runs a script, and `convert.rs` converts between replies and Lua values.
//!
//! Scripts are isolated: each has its own globals, library tables and random numbers. `json.rs`,
//! `bits.rs`, `message_pack.rs` and `structs.rs` are the libraries `cjson`, `bit`, `cmsgpack` and
//! `struct`. A script is stopped after a number of steps, because no client can send `SCRIPT KILL`.
//!
//! All of this needs the feature `lua`. `absent.rs` replaces it in a build without that feature.

mod host;

#[cfg(not(feature = "lua"))]
mod absent;
#[cfg(feature = "lua")]
mod api;
#[cfg(feature = "lua")]
mod bits;
#[cfg(feature = "lua")]
mod budget;
#[cfg(feature = "lua")]
mod convert;
#[cfg(feature = "lua")]
mod guard;
#[cfg(feature = "lua")]
mod json;
#[cfg(feature = "lua")]
mod json_tokens;
#[cfg(feature = "lua")]
mod load;
#[cfg(feature = "lua")]
mod machine;
#[cfg(feature = "lua")]
mod message_pack;
#[cfg(feature = "lua")]
mod pattern;
#[cfg(feature = "lua")]
mod raise;
#[cfg(feature = "lua")]
mod random;
#[cfg(feature = "lua")]
mod run;
#[cfg(feature = "lua")]
mod scripts;
#[cfg(feature = "lua")]
mod shebang;
#[cfg(feature = "lua")]
mod strings;
#[cfg(feature = "lua")]
mod structs;
#[cfg(feature = "lua")]
mod tables;

#[cfg(not(feature = "lua"))]
pub(crate) use absent::Scripts;
pub(crate) use host::Host;
#[cfg(feature = "lua")]
pub(crate) use scripts::Scripts;
