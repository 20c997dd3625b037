//! Mutants of Selvedge's own protocol.
//!
//! That Selvedge's cache passes the gate is evidence only if broken caches fail it. Each [`Mutant`]
//! is the core's source text with one step changed, by an entry of `mutants.toml`. The build script
//! reads that text, so a mutant is the shipped code with one change, and the core needs no hook.

#[macro_use]
mod mutant;

include!(concat!(env!("OUT_DIR"), "/mutants.rs"));
