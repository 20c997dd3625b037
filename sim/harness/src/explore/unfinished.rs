//! An unfinished stateful search.

use std::fmt;
use std::time::Duration;

use selvedge_engine::Checkpoint;

/// An unfinished stateful search of one case. An [`Exploration`](super::Exploration) resumes it, in
/// this process or, [saved](crate::checkpoint::Checkpoints), in another.
#[derive(Clone, Debug, PartialEq)]
pub struct Unfinished {
    pub(crate) checkpoint: Checkpoint,
    /// Whether a read has overlapped or followed a write of its key.
    pub(crate) has_met: bool,
    /// See [`Planned::failed_may_land`](crate::monitor::Planned::failed_may_land).
    pub(crate) failed_may_land: bool,
    /// The schedules that the search of classes has run before, and their events.
    pub(crate) classes: (u64, u64),
    /// The total time of all parts.
    pub(crate) wall: Duration,
}

/// Checkpointing of a stateful search.
pub struct Kept<'k> {
    /// In: the checkpoint to resume from. Out: the checkpoint of the unfinished search; `None` if
    /// it is complete.
    pub unfinished: Option<Unfinished>,
    /// The interval between checkpoints. Each one has a small cost.
    pub every: Duration,
    /// Saves a checkpoint outside the process.
    pub keep: &'k mut (dyn FnMut(&Unfinished) + Send),
}

impl fmt::Debug for Kept<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kept { unfinished, every, .. } = self;
        f.debug_struct("Kept").field("unfinished", unfinished).field("every", every).finish_non_exhaustive()
    }
}

impl Unfinished {
    /// The number of visited states.
    pub fn states(&self) -> u64 {
        self.checkpoint.visited.len() as u64
    }

    /// The total time of the search so far.
    pub fn wall(&self) -> Duration {
        self.wall
    }
}
