//! The oracle: what is wrong with a history.
//!
//! It reads the history and happens-before, and never looks into the cache. It judges the whole class of
//! schedules that a run stands for: a rule is broken if *some* schedule of the class breaks it.

mod finding;
mod judge;
mod order;
mod suspect;
mod vacuous;
mod ways;

pub use finding::{Finding, Rule};
pub use judge::judge;
pub use order::Order;
pub use vacuous::vacuous;
pub use ways::{Way, ways};
