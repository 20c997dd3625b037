//! The current run: its events with happens-before, and the names of tasks and locations.

mod clocks;
pub(crate) mod foreign;
mod number_table;
mod registry;
mod trail;

pub(crate) use clocks::ClockPart;
pub(crate) use number_table::NumberTable;
pub(crate) use registry::{CLOCK, Holds, New, Registry, Show, TOKENS};
pub(crate) use trail::{Conflicts, FEW, Operation, Tracking, Trail};
