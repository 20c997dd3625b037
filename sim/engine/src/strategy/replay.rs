//! One schedule, as it was recorded.

use super::{Options, Strategy};
use crate::event::TaskId;
use crate::runtime::{Registry, Tracking, Trail};

/// The schedule: the task of each event.
pub(crate) struct Replay {
    schedule: Vec<TaskId>,
}

impl Replay {
    pub(crate) fn new(schedule: Vec<TaskId>) -> Self {
        Replay { schedule }
    }
}

impl Strategy for Replay {
    fn tracking(&self) -> Tracking {
        Tracking::Clocks
    }

    fn choose(&mut self, options: &dyn Options, trail: &Trail) -> Option<TaskId> {
        let task = *self.schedule.get(trail.len())?;
        (task < options.tasks() && options.is_enabled(task)).then_some(task)
    }

    fn executed(&mut self, _trail: &Trail) {}

    fn next_run(&mut self, _trail: &mut Trail, _registry: &mut Registry) -> bool {
        false
    }
}
