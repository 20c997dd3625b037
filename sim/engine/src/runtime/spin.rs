//! Loops in which a task goes round until another changes something.

use std::panic::Location;
use std::thread;

use super::ending::Ending;
use super::execution::Execution;
use crate::event::{Event, Footprint, Mode};

/// How often a task may go round in a loop while no other changes anything: then its run is given up.
pub(crate) const MAX_SPINS: usize = 100;

impl Execution {
    /// The current task has gone round in a loop once more. True if the run is given up for it.
    pub(super) fn spin(&mut self, source: &'static Location<'static>) -> bool {
        if self.abandoning || thread::panicking() {
            return false;
        }
        let task = self.current;
        let slot = &mut self.tasks[task as usize];
        let new = &self.trail.events()[slot.looked..];
        let changes = |event: &Event| {
            let looks = |mode| matches!(mode, Mode::Nothing | Mode::Read | Mode::Glance | Mode::Probe);
            let Footprint { task: whose, opaque, .. } = event.footprint;
            whose != task && (opaque || !event.footprint.modes().iter().all(|&mode| looks(mode)))
        };
        slot.spins = if new.iter().any(changes) { 1 } else { slot.spins + 1 };
        slot.looked = self.trail.len();
        let is_too_long = slot.spins > MAX_SPINS;
        if is_too_long {
            self.stopped = Some(Ending::TooLong);
            self.spinning = Some(source);
            self.next = None;
        }
        is_too_long
    }
}
