//! The parts of a state, by name. Tests omit one part at a time and check that the search then
//! misses states.

/// A part of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The pending operation of each task, and the number of its events since its last boundary.
    Pending,
    /// The observations of each task since its last boundary.
    Observed,
    /// The holders of each lock, and the waiting tasks.
    Locks,
    /// The contents of each object.
    Values,
    /// The virtual clock, and the latest time that each task can have observed.
    Clock,
    /// The remaining preemptions.
    Budget,
    /// The monitor.
    Monitor,
}
