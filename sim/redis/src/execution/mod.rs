//! The execution of a client's command, from its words to its output, and its footprint: the
//! resources that it will access, computed before it is executed.

mod execute;
mod footprint;

#[cfg(feature = "engine")]
pub(crate) use footprint::blocks;
pub use footprint::{Footprint, Resource, Resources};
