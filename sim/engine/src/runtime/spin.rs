//! Loops that wait for a change by another task.

use std::panic::Location;

use super::announce::Announced;
use super::ending::Ending;
use super::execution::Execution;
use crate::event::{Event, Footprint, Mode};

/// Maximum number of iterations without a change by another task. Beyond it the run is aborted.
const MAX_SPINS: usize = 100;

/// Number of events without a change after which the engine looks for a loop without a hint.
const UNCHANGED: usize = 512;

/// Number of these events that must be the same operation.
const SAME: usize = UNCHANGED / 4;

/// Whether the event changes no state.
fn is_read_only(event: &Event) -> bool {
    let looks = |mode| matches!(mode, Mode::Nothing | Mode::Read | Mode::Glance | Mode::Probe);
    !event.footprint.opaque && event.footprint.modes().iter().all(|&mode| looks(mode))
}

impl Execution {
    /// Counts an iteration of a loop of the current task. Returns `Wait` if the run is aborted
    /// because of it.
    pub(super) fn spin(&mut self, source: &'static Location<'static>) -> Announced {
        self.pulse.beat(self.turn.current, source);
        if self.end.aborting {
            return self.spin_aborted();
        }
        let task = self.turn.current;
        let slot = &mut self.tasks[task as usize];
        let new = &self.history.trail.events()[slot.checked_up_to..];
        let changes = |event: &Event| {
            let Footprint { task: whose, .. } = event.footprint;
            whose != task && !is_read_only(event)
        };
        slot.spins = if new.iter().any(changes) { 1 } else { slot.spins + 1 };
        slot.checked_up_to = self.history.trail.len();
        if slot.spins <= MAX_SPINS {
            return Announced::Done;
        }
        self.stop_spinning(source, MAX_SPINS);
        Announced::Wait
    }

    fn stop_spinning(&mut self, source: &'static Location<'static>, iterations: usize) {
        self.end.ending = Some(Ending::TooLong);
        self.end.spinning = Some((source, iterations));
        self.turn.next = None;
    }

    /// Whether the run is aborted because of a loop without a hint: the last [`UNCHANGED`] events
    /// changed nothing, and [`SAME`] of them are the same operation with the same outcome.
    #[inline]
    pub(super) fn spins_without_hint(&mut self) -> bool {
        let events = self.history.trail.len();
        events > 0 && events.is_multiple_of(UNCHANGED) && self.is_spinning()
    }

    #[cold]
    fn is_spinning(&mut self) -> bool {
        let first = self.history.trail.len() - UNCHANGED;
        let events = &self.history.trail.events()[first..];
        let Some(last) = events.last() else { return false };
        let outcome =
            |nth: usize| self.history.trail.accesses(first + nth).iter().map(|access| access.before);
        let is_same = |(nth, event): &(usize, &Event)| {
            event.footprint.task == last.footprint.task
                && event.source == last.source
                && event.footprint.locations() == last.footprint.locations()
                && outcome(*nth).eq(outcome(UNCHANGED - 1))
        };
        let iterations = events.iter().enumerate().filter(is_same).count();
        if iterations < SAME || last.footprint.slots() == 0 || !events.iter().all(is_read_only) {
            return false;
        }
        let source = last.source;
        self.stop_spinning(source, iterations);
        true
    }
}
