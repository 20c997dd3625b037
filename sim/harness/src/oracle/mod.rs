//! The oracle: what is wrong with a history.

mod finding;

pub use finding::{Finding, Rule};
