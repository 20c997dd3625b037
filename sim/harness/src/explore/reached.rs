//! How far the search of a case has come.

/// How far the search of a case has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reached {
    /// So many schedules have been run.
    Schedules(u64),
    /// So many states have been found.
    States {
        /// How many.
        count: u64,
        /// Which part of the search is done, from 0 to 1, as far as one can know.
        done: f64,
    },
}
