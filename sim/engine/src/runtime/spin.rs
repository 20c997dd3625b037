//! Loops in which a task goes round until another changes something.

use std::panic::Location;

use super::announce::Announced;
use super::ending::Ending;
use super::execution::Execution;
use crate::event::{Event, Footprint, Mode};

/// How often a task may go round in a loop while no other changes anything: then its run is abandoned.
const MAX_SPINS: usize = 100;

/// How many events may change nothing before the engine looks whether a task goes round in a loop that says so nowhere.
const UNCHANGED: usize = 512;

/// How many of them must be the same operation for that.
const SAME: usize = UNCHANGED / 4;

/// Whether the event leaves every state as it was.
fn only_looks(event: &Event) -> bool {
    let looks = |mode| matches!(mode, Mode::Nothing | Mode::Read | Mode::Glance | Mode::Probe);
    !event.footprint.opaque && event.footprint.modes().iter().all(|&mode| looks(mode))
}

impl Execution {
    /// The current task has gone round in a loop once more. It is to wait if the run is abandoned for it.
    pub(super) fn spin(&mut self, source: &'static Location<'static>) -> Announced {
        self.pulse.beat(self.current, source);
        if self.abandoning {
            return self.spin_in_vain();
        }
        let task = self.current;
        let slot = &mut self.tasks[task as usize];
        let new = &self.trail.events()[slot.looked..];
        let changes = |event: &Event| {
            let Footprint { task: whose, .. } = event.footprint;
            whose != task && !only_looks(event)
        };
        slot.spins = if new.iter().any(changes) { 1 } else { slot.spins + 1 };
        slot.looked = self.trail.len();
        if slot.spins <= MAX_SPINS {
            return Announced::Done;
        }
        self.stop_spinning(source, MAX_SPINS);
        Announced::Wait
    }

    fn stop_spinning(&mut self, source: &'static Location<'static>, turns: usize) {
        self.stopped = Some(Ending::TooLong);
        self.spinning = Some((source, turns));
        self.next = None;
    }

    /// Whether the run is abandoned because a task goes round in a loop without a hint: so many of the last events are the
    /// same operation, with the same outcome, and none of them has changed anything.
    #[inline]
    pub(super) fn spins_without_hint(&mut self) -> bool {
        let events = self.trail.len();
        events > 0 && events.is_multiple_of(UNCHANGED) && self.finds_spin()
    }

    #[cold]
    fn finds_spin(&mut self) -> bool {
        let first = self.trail.len() - UNCHANGED;
        let events = &self.trail.events()[first..];
        let Some(last) = events.last() else { return false };
        let outcome = |nth: usize| self.trail.accesses(first + nth).iter().map(|access| access.before);
        let is_same = |(nth, event): &(usize, &Event)| {
            event.footprint.task == last.footprint.task
                && event.source == last.source
                && event.footprint.locations() == last.footprint.locations()
                && outcome(*nth).eq(outcome(UNCHANGED - 1))
        };
        let turns = events.iter().enumerate().filter(is_same).count();
        if turns < SAME || last.footprint.slots() == 0 || !events.iter().all(only_looks) {
            return false;
        }
        let source = last.source;
        self.stop_spinning(source, turns);
        true
    }
}
