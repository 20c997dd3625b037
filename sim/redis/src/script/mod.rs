//! Scripts in Lua 5.1: `EVAL`, `EVALSHA`, `SCRIPT`.
//!
//! [`Scripts`] knows scripts by their hashes. `machine.rs` has the interpreter with what Redis
//! leaves of Lua's library, `prelude.lua` the part of that which is itself Lua. Of the library,
//! those functions are ours whose work has no bound in Lua 5.1 (`strings.rs`, with `pattern.rs`),
//! which pass over what makes a table read-only (`tables.rs`), or which read code (`load.rs`);
//! `api.rs` has those of `redis`. `raise.rs` gives their errors the texts of Lua's own, `guard.rs`
//! calls functions of a script from them, and `budget.rs` counts the steps of all. `run.rs` runs a
//! script, and `convert.rs` turns replies into Lua's values and back.
//!
//! A script cannot change what the next one finds: its globals and the library's tables are its
//! own, and so are its random numbers. `cjson`, `cmsgpack`, `struct` and `bit` are not there. A
//! script that does not end is stopped after a number of steps, since there is nobody to send
//! `SCRIPT KILL`.

mod api;
mod budget;
mod convert;
mod guard;
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

pub(crate) use run::run;
pub(crate) use scripts::Scripts;
