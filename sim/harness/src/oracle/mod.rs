//! The oracle: what is wrong with a history.
//!
//! It reads the history and happens-before, and never looks into the cache. It judges the whole class of
//! schedules that a run stands for: a rule is broken if *some* schedule of the class breaks it.

mod candidates;
mod finding;
mod judge;
mod vacuous;

pub use finding::{Finding, Rule};
pub use judge::judge;
pub use vacuous::vacuous;
