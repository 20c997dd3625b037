//! Scenarios, oracle and traces: every schedule of a multi-level cache, judged and explained.

pub mod backends;
pub mod explore;
pub mod history;
pub mod number;
pub mod oracle;
pub mod protocols;
pub mod report;
pub mod scenario;
pub mod trace;
pub mod verdict;
mod witness;
mod world;
