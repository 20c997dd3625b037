//! Caches that are written as scripts: a scenario names the file, `cache = "./orders.star"`.
//!
//! The language is a small one with Python's syntax: Starlark, and the statements of Python that a
//! pasted cache has. A script is compiled once; a call executes instructions on an explicit stack
//! and yields at each step of the exploration, so that neither its recursion nor its memory is that
//! of a task. `docs/scripts.md` describes the language and the library.
//!
//! All state that threads share is in the engine's objects: `local`, shared dictionaries, variables
//! that functions assign, locks and flights. Lists and dictionaries of a call are its own, and are
//! copied when a tier stores them. So a call is a function of what it observes, which is what a
//! search by states requires.

mod calls;
mod code;
mod comparison;
mod compile;
mod copies;
mod declare;
mod entries;
mod expression_parser;
mod expressions;
mod functions;
mod library;
mod load;
mod looks;
mod machine;
mod methods;
mod mistake;
mod names;
mod operators;
mod parser;
mod run;
mod scopes;
mod shown;
mod statements;
mod token;
mod tree;
mod value;

pub(crate) use library::Builtin;
pub use load::Script;
pub(crate) use machine::{Event, Machine, Ran, Stop};
pub use mistake::ScriptError;
#[cfg(feature = "redis")]
pub(crate) use value::text_of;
pub(crate) use value::{Data, Object, Text, V, in_text};
