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
//! Scripts are isolated: each has its own globals, library tables and random numbers. `cjson`,
//! `cmsgpack`, `struct` and `bit` are not available. A script is stopped after a number of steps,
//! because no client can send `SCRIPT KILL`.

mod api;
mod budget;
mod convert;
mod guard;
mod host;
mod load;
mod machine;
mod pattern;
mod raise;
mod random;
mod run;
mod scripts;
mod shebang;
mod strings;
mod tables;

pub(crate) use host::Host;
pub(crate) use scripts::Scripts;
