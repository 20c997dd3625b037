//! A search by states that was broken off.

use std::fmt;
use std::time::Duration;

use selvedge_engine::Checkpoint;

/// A search of one case by its states that was broken off, and can be gone on with: by [`explore_resumable`], in this process
/// or, [written and read](crate::checkpoint::Checkpoints), in another.
///
/// [`explore_resumable`]: super::explore_resumable
#[derive(Clone, Debug, PartialEq)]
pub struct Unfinished {
    pub(crate) checkpoint: Checkpoint,
    /// A read has met a write of its key.
    pub(crate) has_met: bool,
    /// See [`Planned::failed_may_land`](crate::monitor::Planned::failed_may_land).
    pub(crate) failed_may_land: bool,
    /// The schedules that were searched by their classes before, and their events.
    pub(crate) classes: (u64, u64),
    /// How long all parts have taken.
    pub(crate) wall: Duration,
}

/// What is kept of a search by states.
pub struct Kept<'k> {
    /// What the search goes on with, if not from the beginning; then what is left of it, if it is not complete.
    pub unfinished: Option<Unfinished>,
    /// How often what is left is to be kept while the search goes on, which costs it a little.
    pub every: Duration,
    /// Keeps it, against whatever may happen to the process.
    pub keep: &'k mut (dyn FnMut(&Unfinished) + Send),
}

impl fmt::Debug for Kept<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kept { unfinished, every, .. } = self;
        f.debug_struct("Kept").field("unfinished", unfinished).field("every", every).finish_non_exhaustive()
    }
}

impl Unfinished {
    /// How many states have been visited.
    pub fn states(&self) -> u64 {
        self.checkpoint.visited.len() as u64
    }

    /// How long the search has taken so far.
    pub fn wall(&self) -> Duration {
        self.wall
    }
}
