//! One schedule, as it was recorded.

use super::{Options, Strategy, Turn};
use crate::runtime::{Registry, Tracking, Trail};

/// The schedule: whose turn each event is.
pub(crate) struct Replay {
    schedule: Vec<Turn>,
}

impl Replay {
    pub(crate) fn new(schedule: Vec<Turn>) -> Self {
        Replay { schedule }
    }
}

impl Strategy for Replay {
    fn tracking(&self) -> Tracking {
        Tracking::Clocks
    }

    fn choose(&mut self, options: &dyn Options, trail: &Trail) -> Option<Turn> {
        let turn = *self.schedule.get(trail.len())?;
        (turn.task < options.tasks() && turn.choice < options.alternatives(turn.task)).then_some(turn)
    }

    fn executed(&mut self, _trail: &Trail) {}

    fn next_run(&mut self, _trail: &mut Trail, _registry: &mut Registry) -> bool {
        false
    }
}
