//! `selvedge prove`: explores every client of a cache up to a bound.

mod json;
mod run;
mod script;

pub(crate) use run::{merge, run};
