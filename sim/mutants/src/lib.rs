//! Selvedge's own protocol, broken on purpose.
//!
//! A gate that passes our cache proves something only if it would not pass a broken one. Each [`Mutant`] is the core's
//! source text with one step wrong, a row of `mutants.toml`. The text is read when this crate is built: what is broken
//! here is what ships, and the core has no hook for it.

#[macro_use]
mod mutant;

include!(concat!(env!("OUT_DIR"), "/mutants.rs"));
