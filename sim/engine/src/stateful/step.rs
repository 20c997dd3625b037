//! What leads from one state to the next, as far as it tells where the same step leads from elsewhere.

use super::Fingerprint;
use crate::event::{LocationId, TaskId};

/// What can make a difference to a step, beside where its task stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// What a location holds.
    Location(LocationId),
    /// Whether a task has ended, and how.
    End(TaskId),
}

/// What has happened between two states.
#[derive(Default)]
pub(crate) struct Step {
    /// The tasks whose words have changed, a bit for each.
    pub(crate) tasks: u64,
    /// All that was looked at.
    pub(super) looked: Vec<Input>,
    /// The locations that have changed, and what they held before.
    pub(super) moved: Vec<(LocationId, Fingerprint)>,
    /// The monitor was told of something that it has to remember or to judge.
    pub(crate) is_told: bool,
    /// From here on tasks are told apart that were not.
    pub(crate) is_renaming: bool,
    /// The tasks of which the monitor has something else to say, a bit for each.
    pub(crate) beside: u64,
}

impl Step {
    /// Nothing has happened.
    pub(super) fn clear(&mut self) {
        self.looked.clear();
        self.moved.clear();
        (self.tasks, self.beside, self.is_told, self.is_renaming) = (0, 0, false, false);
    }

    /// All that can have made a difference to what has happened.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = Input> {
        self.looked.iter().copied().chain(self.moved.iter().map(|(location, _)| Input::Location(*location)))
    }

    /// What it held before, if it has changed.
    pub(crate) fn held(&self, input: Input) -> Option<Fingerprint> {
        let is_it = |(location, _): &&(LocationId, _)| Input::Location(*location) == input;
        self.moved.iter().find(is_it).map(|(_, held)| *held)
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
