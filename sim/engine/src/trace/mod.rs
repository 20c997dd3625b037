//! Traces: what happened in a run, in words.

mod list;
mod model;

pub use model::{Trace, TraceStep, Turnover};
