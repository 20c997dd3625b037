//! Mutants of Selvedge's own protocol.
//!
//! A gate that passes Selvedge's cache is evidence only if it fails a broken one. Each [`Mutant`]
//! is the core's source text with one step changed, by a row of `mutants.toml`. The build script
//! reads the text, so a mutant is the shipped code with one change, and the core needs no hook.

#[macro_use]
mod mutant;

include!(concat!(env!("OUT_DIR"), "/mutants.rs"));
