//! The compared tools, each behind the same few primitives.

mod loom;
mod selvedge;
mod shuttle;
mod std_api;
mod tool;

pub(crate) use loom::Loom;
pub(crate) use selvedge::Selvedge;
pub(crate) use shuttle::{DepthFirst, Random, Shuttle};
pub(crate) use tool::{Search, Tool};
