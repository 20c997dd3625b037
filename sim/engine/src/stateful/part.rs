//! The parts of a state, by name: tests leave one out at a time, to see that it is missed.

/// A part of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// What each task is about to do, and how far it has come since its last boundary.
    Pending,
    /// What each task has observed since then.
    Observed,
    /// Who holds each lock, and who waits for what.
    Locks,
    /// What each object holds.
    Values,
    /// The virtual clock, and what each task can know of it: who has moved the clock knows it.
    Clock,
    /// How many preemptions are left.
    Budget,
    /// The monitor.
    Monitor,
}
