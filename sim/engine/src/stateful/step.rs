//! What leads from one state to the next, as far as it tells where the same step leads from elsewhere.

use std::any::Any;
use std::rc::Rc;

use crate::event::{Fingerprint, LocationId, TaskId};

/// What can make a difference to a step, beside where its task stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// What a location holds.
    Location(LocationId),
    /// Whether a task has ended, and how.
    End(TaskId),
}

/// What a step of one task comes to.
pub(crate) struct Effect {
    /// Of each side: what it adds to the sum of the locations, and where the task stands then.
    pub(super) sides: Box<[(Fingerprint, Fingerprint)]>,
    /// What the monitor is told, if it is told anything.
    pub(super) told: Option<Rc<dyn Any>>,
    /// What the task is about to do then names a task.
    pub(super) is_naming: bool,
    /// It is the task's last.
    pub(crate) ends: bool,
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
}

impl Step {
    /// Nothing has happened.
    pub(super) fn clear(&mut self) {
        self.looked.clear();
        self.moved.clear();
        (self.tasks, self.is_told) = (0, false);
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
}
