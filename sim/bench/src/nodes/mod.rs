//! Measures the writes of a cache at each level of consistency between nodes, next to a plain SET.

mod level;
mod row;
mod run;

pub(crate) use run::{Settings, run};
