//! Traces: the recorded run and its projections.

mod lanes;
mod model;
mod reason;
mod story;
mod text;

pub use lanes::lanes;
pub use model::{Effect, Ending, Place, Span, Step, Trace};
pub use reason::reason;
