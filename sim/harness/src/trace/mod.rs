//! Traces: the recorded run and its projections.

mod model;

pub use model::{Ending, Place, Span, Step, Trace};
