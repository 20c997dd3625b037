//! Events: what an operation does, to which locations, and which pairs conflict.

mod action;
mod mode;
mod record;

pub(crate) use action::Action;
pub use mode::Mode;
pub(crate) use record::TaskId;
pub(crate) use record::{Access, AccessId, Event, LocationId, NO_ACCESS, Pending, SLOTS};
