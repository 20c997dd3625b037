//! Steps from one state to the next, and their effects.

use std::any::Any;
use std::rc::Rc;

use crate::event::{Fingerprint, LocationId, TaskId};

/// An input of a step, in addition to its task's local state.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// The contents of a location.
    Location(LocationId),
    /// Whether and how a task has ended.
    End(TaskId),
}

/// The effect of a step of one task.
pub(crate) struct Effect {
    /// For each view, the difference of the sum of the locations, and the new fingerprint of the
    /// task.
    pub(super) sides: Box<[(Fingerprint, Fingerprint)]>,
    /// The reports to the monitor, if there are any.
    pub(super) told: Option<Rc<dyn Any>>,
    /// Whether the task's next pending operation names a task.
    pub(super) is_naming: bool,
    /// Whether it is the task's last step.
    pub(crate) ends: bool,
}

/// The changes between two states.
#[derive(Default)]
pub(crate) struct Step {
    /// The set of tasks whose fingerprints have changed, one bit each.
    pub(crate) tasks: u64,
    /// The inputs that were read.
    pub(super) looked: Vec<Input>,
    /// The locations that have changed, with their contents before.
    pub(super) moved: Vec<(LocationId, Fingerprint)>,
    /// Whether the monitor has received a report that it has to store or to judge.
    pub(crate) is_told: bool,
}

impl Step {
    /// Resets the step.
    pub(super) fn clear(&mut self) {
        self.looked.clear();
        self.moved.clear();
        (self.tasks, self.is_told) = (0, false);
    }

    /// All inputs that the step can have depended on.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = Input> {
        self.looked.iter().copied().chain(self.moved.iter().map(|(location, _)| Input::Location(*location)))
    }

    /// The contents of the input before the step, if it has changed.
    pub(crate) fn held(&self, input: Input) -> Option<Fingerprint> {
        let is_it = |(location, _): &&(LocationId, _)| Input::Location(*location) == input;
        self.moved.iter().find(is_it).map(|(_, held)| *held)
    }
}
