//! The current run: its events with happens-before, and the names of tasks and locations.

mod clocks;
mod names;
mod registry;
mod trail;

pub(crate) use clocks::Part;
pub(crate) use names::Names;
pub(crate) use registry::{CLOCK, Holds, New, Registry, Show, TOKENS};
pub(crate) use trail::{Conflicts, FEW, Operation, Tracking, Trail};
