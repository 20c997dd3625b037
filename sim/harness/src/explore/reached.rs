//! The progress of a search.

/// The progress of a search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reached {
    /// The number of schedules that have run.
    Schedules(u64),
    /// The progress of a stateful search.
    States {
        /// The number of visited states.
        count: u64,
        /// The estimated fraction of the search that has completed, from 0 to 1.
        done: f64,
    },
}
