//! Traces: readable lists of the steps of a run.

mod list;
mod model;
mod overlooked;

pub use model::{Trace, TraceStep, Turnover};
