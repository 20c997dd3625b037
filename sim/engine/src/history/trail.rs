//! The events of the current run in order, with happens-before.
//!
//! Happens-before is the smallest order that contains the order of each task, spawn, join, and the
//! order of each pair of [conflicting](crate::event::Mode::conflicts) accesses. Each event has a
//! vector clock.
//!
//! The accesses of a location form a chain through the trail, the newest first. The chain contains
//! every access: an explorer that stores only the last access of each task misses races.

use std::{iter, mem};

use super::clocks::{ClockPart, Clocks, contains, copy, join};
use super::registry::Registry;
use crate::event::{
    Access, AccessId, Condition, Event, Footprint, LocationId, LocationStates, Mode, NO_ACCESS, Pending,
    SLOTS, TaskId,
};

/// The data that is computed for each executed event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tracking {
    /// Nothing.
    Nothing,
    /// The clock.
    Clocks,
    /// The clock and the races.
    Races,
}

/// Initial capacity of most lists, so that a small search allocates little.
pub(crate) const FEW: usize = 16;

/// A pending operation with its task and its condition.
#[derive(Clone, Copy)]
pub(crate) struct Operation<'a> {
    pub(crate) task: TaskId,
    pub(crate) pending: &'a Pending,
    pub(crate) condition: Condition<'a>,
}

/// Receives the events that conflict with an operation, the newest first.
pub(crate) trait Conflicts {
    /// Begins the examination of an operation.
    fn begin(&mut self);

    /// Reports a conflict: `event`, the outcome of `operation`, conflicts with the event at
    /// `position`, which does not happen before an event with the clock `covered`. If this returns
    /// true, the event at `position` and all events that happen before it are covered and will not
    /// be visited.
    fn report(
        &mut self,
        trail: &Trail,
        registry: &Registry,
        operation: Operation<'_>,
        event: &Footprint,
        position: usize,
        covered: &[ClockPart],
    ) -> bool;
}

/// The head of a location's chain of accesses.
#[derive(Clone, Copy)]
struct Chain {
    /// The newest access.
    last: AccessId,
    /// The modes of all accesses, one bit each.
    modes: u16,
}

impl Chain {
    const EMPTY: Chain = Chain { last: NO_ACCESS, modes: 0 };
}

/// Scratch memory for the clock of a new event.
#[derive(Default)]
struct NewClock {
    /// The clock so far, without the event itself.
    joined: Vec<ClockPart>,
    /// The clock of the covered events, which are not visited any more.
    covered: Vec<ClockPart>,
}

/// The events of the current run, in order.
pub(crate) struct Trail {
    events: Vec<Event>,
    accesses: Vec<Access>,
    /// The chain of each location. Locations beyond the end have no accesses.
    chains: Vec<Chain>,
    clocks: Clocks,
    /// The number of events that this run has executed. The rest is a prefix that the run repeats.
    executed: usize,
    tracking: Tracking,
    /// The number of events from an earlier run.
    prefix: usize,
    last_opaque: u32,
    new: NewClock,
}

impl Trail {
    pub(crate) fn new(tracking: Tracking) -> Self {
        Trail {
            events: Vec::with_capacity(FEW),
            accesses: Vec::with_capacity(FEW),
            chains: Vec::with_capacity(FEW),
            clocks: Clocks::with_capacity(FEW),
            executed: 0,
            prefix: 0,
            tracking,
            last_opaque: NO_ACCESS,
            new: NewClock::default(),
        }
    }

    /// Begins a run, which repeats the events of the trail.
    pub(crate) fn begin_run(&mut self) {
        self.executed = 0;
        self.prefix = self.events.len();
        self.clocks.begin_run();
    }

    /// Whether part of the prefix remains to be repeated.
    #[inline]
    pub(crate) fn is_repeating(&self) -> bool {
        self.executed < self.events.len()
    }

    /// Whether the next event is the first of this run that is not repeated.
    #[inline]
    pub(crate) fn is_first_new(&self) -> bool {
        self.executed == self.prefix
    }

    /// The number of events from an earlier run.
    #[inline]
    pub(crate) fn prefix(&self) -> usize {
        self.prefix
    }

    /// The next event of the prefix.
    #[inline]
    pub(crate) fn expected(&self) -> &Event {
        &self.events[self.executed]
    }

    /// The number of events that this run has executed.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.executed
    }

    #[inline]
    pub(crate) fn events(&self) -> &[Event] {
        &self.events[..self.executed]
    }

    /// The accesses of the event at `position`, one for each of its locations.
    #[inline]
    pub(crate) fn accesses(&self, position: usize) -> &[Access] {
        &self.accesses[self.events[position].accesses()]
    }

    /// The clock of the event at `position`. Empty if clocks are not computed.
    #[inline]
    pub(crate) fn clock(&self, position: usize) -> &[u32] {
        self.clocks.entries_of_event(position)
    }

    /// The clock of the events that `task` has executed.
    pub(crate) fn task_clock(&self, task: TaskId) -> &[u32] {
        self.clocks.entries_of_task(task)
    }

    /// Whether the event at `first` happens before the event at `second`, or is that event.
    #[inline]
    pub(crate) fn happens_before(&self, first: usize, second: usize) -> bool {
        self.is_before_clock(first, self.clocks.of_event(second))
    }

    /// Whether one of `events` happens before the event at `position`, or is that event. `events`
    /// has at least one element, and usually no other.
    #[inline]
    pub(crate) fn is_after_any(&self, events: &[u32], position: usize) -> bool {
        self.happens_before(events[0] as usize, position)
            || events[1..].iter().any(|&event| self.happens_before(event as usize, position))
    }

    /// Whether the event at `position` happens before an event with this clock, or is that event.
    #[inline]
    pub(crate) fn is_before_clock(&self, position: usize, clock: &[ClockPart]) -> bool {
        let event = &self.events[position];
        contains(clock, event.footprint.task, event.index)
    }

    /// Orders all events of `child` after the executed events of `parent`.
    pub(crate) fn spawn(&mut self, parent: TaskId, child: TaskId) {
        if self.tracking != Tracking::Nothing {
            self.clocks.set_task_to_task(child, parent);
        }
    }

    /// Orders the next event of `task` after all events of `other`, which has ended.
    pub(crate) fn join(&mut self, task: TaskId, other: TaskId) {
        if self.tracking != Tracking::Nothing {
            self.clocks.join_task(task, other);
        }
    }

    /// The state of `location` after its last access that happens before the next event of `task`.
    /// `None` if there is no such access.
    pub(crate) fn last_known(&self, task: TaskId, location: LocationId) -> Option<u64> {
        let known = self.task_clock(task);
        let is_known = |access: &&Access| known[access.task as usize] >= access.index;
        self.chain(location).find(is_known).map(|access| access.after)
    }

    /// Makes room for the task.
    #[inline]
    pub(crate) fn fit(&mut self, task: TaskId) {
        if !self.clocks.fits(task) {
            self.clocks.make_room(task);
        }
    }

    /// Executes the next event of the prefix. Returns its position.
    #[inline]
    pub(crate) fn repeat(&mut self, registry: &mut Registry) -> usize {
        let position = self.executed;
        let event = &self.events[position];
        for (&location, access) in event.footprint.locations().iter().zip(&self.accesses[event.accesses()]) {
            registry.set_state(location, access.after);
        }
        let (task, index) = (event.footprint.task, event.index);
        if self.tracking == Tracking::Nothing {
            self.clocks.count(task, index);
        } else {
            self.clocks.set_task_to_event(task, position);
        }
        self.executed += 1;
        position
    }

    /// Executes one alternative of an operation as a new event at the end. Returns its position.
    pub(crate) fn push(
        &mut self,
        operation: Operation<'_>,
        choice: u16,
        atomic_with_previous: bool,
        registry: &mut Registry,
        conflicts: &mut impl Conflicts,
    ) -> usize {
        let Operation { task, pending, condition } = operation;
        let position = self.events.len();
        let before = registry.states(pending);
        let of = pending.alternatives(&before, condition);
        let (footprint, after) = pending.outcome(task, &before, choice, of);
        let index = self.next_index(task);
        if self.tracking == Tracking::Nothing {
            self.clocks.count(task, index);
        } else {
            self.visit_conflicts(operation, &footprint, registry, conflicts);
            let clock = &mut self.new.joined;
            clock.as_flattened_mut()[task as usize] = index;
            self.clocks.set_task(task, clock);
            self.clocks.push(clock);
        }
        let first_access = self.accesses.len() as AccessId;
        let mut event = Event::new(pending, footprint, index, first_access);
        event.atomic_with_previous = atomic_with_previous;
        if footprint.opaque {
            event.previous_opaque = self.last_opaque;
            self.last_opaque = position as u32;
        }
        for ((location, mode), (before, after)) in footprint.touched().zip(before.into_iter().zip(after)) {
            let Chain { last, modes } = self.head(location);
            let own = self.accesses.len() as AccessId;
            self.accesses.push(Access {
                before,
                after,
                position: position as u32,
                index,
                task,
                mode,
                previous_modes: modes,
                previous: last,
            });
            if mode != Mode::Nothing {
                self.set_head(location, Chain { last: own, modes: modes | mode.bit() });
                registry.set_state(location, after);
            }
        }
        self.events.push(event);
        self.executed += 1;
        position
    }

    /// Removes the last event.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Footprint> {
        let Event { footprint, first_access, previous_opaque, .. } = self.events.pop()?;
        let position = self.events.len();
        self.clocks.truncate(position);
        for (slot, (location, mode)) in footprint.touched().enumerate().rev() {
            if mode != Mode::Nothing {
                let access = &self.accesses[first_access as usize + slot];
                let before = Chain { last: access.previous, modes: access.previous_modes };
                self.set_head(location, before);
            }
        }
        self.accesses.truncate(first_access as usize);
        if footprint.opaque {
            self.last_opaque = previous_opaque;
        }
        self.executed = self.executed.min(position);
        Some(footprint)
    }

    /// Removes all events.
    pub(crate) fn clear(&mut self) {
        while self.pop().is_some() {}
    }

    /// The event that acquired the location exclusively, if it is a lock that is held exclusively.
    /// Skips later failed attempts.
    pub(crate) fn taken_by(&self, location: LocationId) -> Option<&Event> {
        let is_an_attempt = |mode| matches!(mode, Mode::Nothing | Mode::Read | Mode::Glance | Mode::Probe);
        let access = self.chain(location).find(|access| !is_an_attempt(access.mode))?;
        (access.mode == Mode::Acquire).then(|| &self.events[access.position as usize])
    }

    /// The events that hold the location shared, if it is a lock that is held so, the oldest first.
    pub(crate) fn shared_by(&self, location: LocationId) -> Vec<&Event> {
        let (mut holders, mut returned) = (Vec::new(), Vec::new());
        for access in self.chain(location) {
            match access.mode {
                Mode::ReleaseShared => returned.push(access.task),
                Mode::AcquireShared => match returned.iter().position(|&task| task == access.task) {
                    Some(given_back) => drop(returned.swap_remove(given_back)),
                    None => holders.extend(self.events.get(access.position as usize)),
                },
                // No task held it shared then.
                Mode::Acquire | Mode::Release => break,
                _ => {}
            }
        }
        holders.reverse();
        holders
    }

    /// The index of the task's next event, from 1.
    #[inline]
    fn next_index(&self, task: TaskId) -> u32 {
        self.clocks.of_task(task).as_flattened()[task as usize] + 1
    }

    #[inline]
    fn access(&self, id: AccessId) -> &Access {
        &self.accesses[id as usize]
    }

    /// The accesses of the location, the newest first.
    #[inline]
    pub(crate) fn chain(&self, location: LocationId) -> impl Iterator<Item = &Access> {
        let mut id = self.head(location).last;
        iter::from_fn(move || {
            let access = (id != NO_ACCESS).then(|| self.access(id))?;
            id = access.previous;
            Some(access)
        })
    }

    #[inline]
    fn head(&self, location: LocationId) -> Chain {
        self.chains.get(location as usize).copied().unwrap_or(Chain::EMPTY)
    }

    #[inline]
    fn set_head(&mut self, location: LocationId, chain: Chain) {
        if self.chains.len() <= location as usize {
            self.chains.resize(location as usize + 1, Chain::EMPTY);
        }
        self.chains[location as usize] = chain;
    }

    /// Visits the events that conflict with an operation whose outcome is `event`, the newest
    /// first, except the covered ones. Stores the clock of `event`, without the event itself, in
    /// `new.joined`.
    pub(crate) fn visit_conflicts(
        &mut self,
        operation: Operation<'_>,
        event: &Footprint,
        registry: &Registry,
        conflicts: &mut impl Conflicts,
    ) {
        let mut new = mem::take(&mut self.new);
        for clock in [&mut new.joined, &mut new.covered] {
            clock.resize(self.clocks.width(), ClockPart::default());
            copy(clock, self.clocks.of_task(event.task));
        }
        conflicts.begin();
        let mut report = |position: usize, new: &mut NewClock| {
            let clock = self.clocks.of_event(position);
            join(&mut new.joined, clock);
            let covers = conflicts.report(self, registry, operation, event, position, &new.covered);
            if covers {
                join(&mut new.covered, clock);
            }
            covers
        };
        if event.opaque {
            self.visit_all(&mut new, &mut report);
        } else {
            self.visit_chains(event, &mut new, &mut report);
        }
        self.new = new;
    }

    fn visit_chains(
        &self,
        event: &Footprint,
        new: &mut NewClock,
        report: &mut impl FnMut(usize, &mut NewClock) -> bool,
    ) {
        let mut cursors = [NO_ACCESS; SLOTS];
        for (cursor, (location, mode)) in cursors.iter_mut().zip(event.touched()) {
            let Chain { last, modes } = self.head(location);
            if modes & mode.conflicting() != 0 {
                *cursor = last;
            }
        }
        let mut opaque = self.last_opaque;
        loop {
            // Select the newest access of all chains. `NO_ACCESS` is the largest number; adding 1
            // makes it the smallest.
            let (mut slot, mut id) = (0, cursors[0]);
            for (other, &cursor) in cursors.iter().enumerate().take(event.slots()).skip(1) {
                if cursor.wrapping_add(1) > id.wrapping_add(1) {
                    (slot, id) = (other, cursor);
                }
            }
            if opaque != NO_ACCESS && (id == NO_ACCESS || opaque >= self.access(id).position) {
                let position = opaque as usize;
                let covered = self.is_before_clock(position, &new.covered) || report(position, new);
                opaque = if covered { NO_ACCESS } else { self.events[position].previous_opaque };
                continue;
            }
            if id == NO_ACCESS {
                break;
            }
            let Access { position, task, index, mode, previous, .. } = *self.access(id);
            let covered = contains(&new.covered, task, index)
                || (mode.conflicts(event.modes()[slot]) && report(position as usize, new));
            // All earlier accesses of this location happen before a covered total access.
            cursors[slot] = if covered && mode.is_total() { NO_ACCESS } else { previous };
        }
    }

    /// Visits all events back to the last covered opaque event: an opaque event conflicts with all
    /// events.
    fn visit_all(&self, new: &mut NewClock, report: &mut impl FnMut(usize, &mut NewClock) -> bool) {
        for position in (0..self.events.len()).rev() {
            let covered = self.is_before_clock(position, &new.covered) || report(position, new);
            if covered && self.events[position].footprint.opaque {
                break;
            }
        }
    }

    /// The states of the locations of `pending` without the events of `removed` and the events that
    /// happen after any of them. The first element of `removed` is the oldest.
    #[inline]
    pub(crate) fn states_without(
        &self,
        removed: &[u32],
        pending: &Pending,
        registry: &Registry,
    ) -> LocationStates {
        let mut states = [0; SLOTS];
        for (state, &(location, _)) in states.iter_mut().zip(pending.actions()) {
            *state = self.state_without(removed, location, registry);
        }
        states
    }

    fn state_without(&self, removed: &[u32], location: LocationId, registry: &Registry) -> u64 {
        // The sum of the commuting accesses, and the state before the oldest access.
        let (mut added, mut before) = (0u64, None);
        for access in self.chain(location).take_while(|access| access.position >= removed[0]) {
            before = Some(access.before);
            let position = access.position as usize;
            if self.is_after_any(removed, position) {
                continue;
            }
            if access.mode.is_total() {
                return access.after.wrapping_add(added);
            }
            added = added.wrapping_add(access.after.wrapping_sub(access.before));
        }
        before.unwrap_or_else(|| registry.state(location)).wrapping_add(added)
    }
}
