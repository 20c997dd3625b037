//! The oracle: finds the violations in a history.
//!
//! It reads only the history and happens-before, not the cache. It judges the whole class of
//! schedules of a run: a rule is violated if *some* schedule of the class violates it.

mod evidence;
mod finding;
mod judge;
mod lost_update;
mod order;
mod suspect;
mod vacuous;

pub use evidence::{Evidence, evidence};
pub use finding::{Finding, Rule};
pub use judge::judge;
pub use order::Order;
pub use vacuous::vacuous;
