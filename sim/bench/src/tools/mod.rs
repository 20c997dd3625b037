//! The compared tools. Each implements the same primitives, the trait [`Tool`].

mod loom;
mod selvedge;
mod shuttle;
mod std_api;
mod tool;

pub(crate) use loom::Loom;
pub(crate) use selvedge::{Rc11, Selvedge};
pub(crate) use shuttle::{DepthFirst, Random, Shuttle};
pub(crate) use tool::{Search, Tool};
