//! Scenarios, oracle and traces: every schedule of a multi-level cache, judged and explained.

pub mod backends;
pub mod history;
pub mod oracle;
pub mod protocols;
pub mod trace;
pub mod verdict;
