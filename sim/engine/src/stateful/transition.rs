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
    pub(super) views: Box<[(Fingerprint, Fingerprint)]>,
    /// The reports to the monitor, if there are any.
    pub(super) reports: Option<Rc<dyn Any>>,
    /// Whether the task's next pending operation names a task.
    pub(super) is_naming: bool,
    /// Whether it is the task's last step.
    pub(crate) ends: bool,
}

/// The changes between two states.
#[derive(Default)]
pub(crate) struct Transition {
    /// The set of tasks whose fingerprints have changed, one bit each.
    pub(crate) tasks: u64,
    /// The inputs that were read.
    pub(super) inputs_read: Vec<Input>,
    /// The locations that have changed, with their contents before.
    pub(super) changed: Vec<(LocationId, Fingerprint)>,
    /// Whether the monitor has received a report that it has to store or to judge.
    pub(crate) has_reports: bool,
}

impl Transition {
    /// Resets the step.
    pub(super) fn clear(&mut self) {
        self.inputs_read.clear();
        self.changed.clear();
        (self.tasks, self.has_reports) = (0, false);
    }

    /// All inputs that the step can have depended on.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = Input> {
        self.inputs_read
            .iter()
            .copied()
            .chain(self.changed.iter().map(|(location, _)| Input::Location(*location)))
    }

    /// The contents of the input before the step, if it has changed.
    pub(crate) fn held(&self, input: Input) -> Option<Fingerprint> {
        let is_it = |(location, _): &&(LocationId, _)| Input::Location(*location) == input;
        self.changed.iter().find(is_it).map(|(_, held)| *held)
    }
}
