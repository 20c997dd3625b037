//! Dynamic partial order reduction: races, their reversals, and wakeup trees.

mod races;
mod shared;
mod wakeup;

pub(crate) use races::{MAX_REMOVALS, Races};
pub(crate) use shared::{Route, RouteStep, SharedNode};
pub(crate) use wakeup::{BranchId, Forest, NONE, covers_all_alternatives, weak_initial};
