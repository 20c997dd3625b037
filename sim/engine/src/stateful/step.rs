//! What leads from one state to the next, as far as it tells where the same step leads from elsewhere.

use super::Fingerprint;
use crate::event::LocationId;

/// What has happened between two states.
#[derive(Default)]
pub(crate) struct Step {
    /// The tasks whose words have changed, a bit for each.
    pub(crate) tasks: u64,
    /// All locations whose states can have made a difference to what has happened.
    pub(crate) touched: Vec<LocationId>,
    /// Those that have changed.
    pub(crate) moved: Vec<LocationId>,
    /// The monitor was told of something that it has to remember or to judge.
    pub(crate) is_touching: bool,
    /// From here on tasks are told apart that were not.
    pub(crate) is_renaming: bool,
    /// The tasks of which the monitor has something else to say, a bit for each.
    pub(crate) beside: u64,
    /// Memory for the next.
    pub(super) spare: Vec<Fingerprint>,
}

impl Step {
    /// Nothing has happened.
    pub(super) fn clear(&mut self) {
        self.touched.clear();
        self.moved.clear();
        (self.tasks, self.beside, self.is_touching, self.is_renaming) = (0, 0, false, false);
    }

    /// What the monitor had to say of each task, and has now.
    pub(super) fn note_beside(&mut self, before: &[Fingerprint], now: &[Fingerprint]) {
        let nothing = Fingerprint::NONE;
        for task in 0..before.len().max(now.len()) {
            if before.get(task).unwrap_or(&nothing) != now.get(task).unwrap_or(&nothing) {
                self.beside |= 1 << task;
            }
        }
    }
}
