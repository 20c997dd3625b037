//! The sequence of events that is being executed, with happens-before.
//!
//! Happens-before is the smallest order that contains each task's own order, spawn, join, and the order of every pair
//! of [conflicting](crate::event::Mode::conflicts) accesses. It is kept as a vector clock for each event: `clock[t]` is
//! the number of task `t`'s events that happen before it, itself included.
//!
//! The accesses of a location form a chain through the trail, the newest first. Walking it finds the *races*: pairs of
//! conflicting events of different tasks with nothing between them in happens-before, where the second could have gone
//! first. Every access is kept, and none is replaced by a later one of its task: a single "last access" loses races.

use std::mem;

use super::registry::Registry;
use crate::event::{Access, AccessId, Event, LocationId, NO_ACCESS, Pending, SLOTS, TaskId};

/// Two events in a race.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Race {
    /// The position of the first.
    pub(crate) first: usize,
    /// The second, as it would be if it went first: its outcome may differ.
    pub(crate) reversed: Event,
}

/// What is to be found out about each event as it is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tracking {
    /// Its clock.
    Clocks,
    /// Its clock and its races.
    Races,
}

/// The events of the current run, in order.
pub(crate) struct Trail {
    events: Vec<Event>,
    /// `stride` words for each event.
    clocks: Vec<u32>,
    /// `stride` words for each task: the clock of what it does next, less that event itself.
    task_clocks: Vec<u32>,
    stride: usize,
    /// How many of the events have been executed in this run. Those beyond are a prefix that is to be repeated.
    executed: usize,
    tracking: Tracking,
    /// The races of the events that this run added.
    races: Vec<Race>,
    covered: Vec<u32>,
    joined: Vec<u32>,
    chain: Vec<AccessId>,
}

/// The condition that a task waits for, if its pending operation is an [`Action::Await`](crate::event::Action).
pub(crate) type Condition<'a> = Option<&'a dyn Fn(u64) -> bool>;

impl Trail {
    pub(crate) fn new(tracking: Tracking) -> Self {
        Trail {
            events: Vec::new(),
            clocks: Vec::new(),
            task_clocks: Vec::new(),
            stride: 8,
            executed: 0,
            tracking,
            races: Vec::new(),
            covered: Vec::new(),
            joined: Vec::new(),
            chain: Vec::new(),
        }
    }

    /// A run begins; the events that are in the trail are to be repeated.
    pub(crate) fn begin_run(&mut self) {
        self.executed = 0;
        self.races.clear();
        self.task_clocks.fill(0);
    }

    /// Whether part of the prefix is still to be repeated.
    #[inline]
    pub(crate) fn is_repeating(&self) -> bool {
        self.executed < self.events.len()
    }

    /// The event that the prefix has next.
    #[inline]
    pub(crate) fn expected(&self) -> &Event {
        &self.events[self.executed]
    }

    /// How many events this run has executed.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.executed
    }

    pub(crate) fn events(&self) -> &[Event] {
        &self.events[..self.executed]
    }

    pub(crate) fn races(&self) -> &[Race] {
        &self.races
    }

    /// The clock of the event at `position`.
    #[inline]
    pub(crate) fn clock(&self, position: usize) -> &[u32] {
        &self.clocks[position * self.stride..][..self.stride]
    }

    /// The clock of what `task` has done so far.
    pub(crate) fn task_clock(&self, task: TaskId) -> &[u32] {
        self.task_clocks.get(task as usize * self.stride..).map_or(&[], |row| &row[..self.stride])
    }

    /// Whether the event at `first` happens before the one at `second` (or is it).
    #[inline]
    pub(crate) fn happens_before(&self, first: usize, second: usize) -> bool {
        let first = &self.events[first];
        self.clocks[second * self.stride + first.task as usize] >= first.index
    }

    /// `child` starts: all that `parent` has done happens before it.
    pub(crate) fn spawn(&mut self, parent: TaskId, child: TaskId) {
        self.fit(child);
        let (parent, child) = (parent as usize * self.stride, child as usize * self.stride);
        self.task_clocks.copy_within(parent..parent + self.stride, child);
    }

    /// `task` has waited for the end of `other`: all of it happens before what `task` does next.
    pub(crate) fn join(&mut self, task: TaskId, other: TaskId) {
        self.fit(task.max(other));
        for i in 0..self.stride {
            let seen = self.task_clocks[other as usize * self.stride + i];
            let own = &mut self.task_clocks[task as usize * self.stride + i];
            *own = (*own).max(seen);
        }
    }

    /// Makes room for the task.
    pub(crate) fn fit(&mut self, task: TaskId) {
        let tasks = task as usize + 1;
        if tasks > self.stride {
            let stride = tasks.next_multiple_of(8);
            for clocks in [&mut self.clocks, &mut self.task_clocks] {
                let rows = mem::take(clocks);
                clocks.resize(rows.len() / self.stride * stride, 0);
                for (new, old) in clocks.chunks_exact_mut(stride).zip(rows.chunks_exact(self.stride)) {
                    new[..old.len()].copy_from_slice(old);
                }
            }
            self.stride = stride;
        }
        if self.task_clocks.len() < tasks * self.stride {
            self.task_clocks.resize(tasks * self.stride, 0);
        }
    }

    /// Executes the next event of the prefix, which must be of `task` and match `pending`. Returns its position.
    #[inline]
    pub(crate) fn repeat(&mut self, registry: &mut Registry) -> usize {
        let position = self.executed;
        let event = &self.events[position];
        for access in event.accesses() {
            registry.set_state(access.location, access.after);
        }
        let (row, own) = (position * self.stride, event.task as usize * self.stride);
        self.task_clocks[own..own + self.stride].copy_from_slice(&self.clocks[row..row + self.stride]);
        self.executed += 1;
        position
    }

    /// Executes `pending` of `task` as a new event at the end. Returns its position.
    pub(crate) fn push(
        &mut self,
        task: TaskId,
        pending: &Pending,
        condition: Condition<'_>,
        glued: bool,
        registry: &mut Registry,
    ) -> usize {
        let position = self.events.len();
        self.fit(task);
        self.find_races(task, pending, condition, registry);
        let row = task as usize * self.stride;
        let index = self.joined[task as usize] + 1;
        self.joined[task as usize] = index;
        self.task_clocks[row..row + self.stride].copy_from_slice(&self.joined);
        self.clocks.extend_from_slice(&self.joined);

        let mut event = evaluate(task, index, pending, |location| registry.state(location));
        event.glued = glued;
        for slot in 0..event.slots as usize {
            let access = &mut event.accesses[slot];
            access.previous = registry.last_access(access.location);
            registry.set_last_access(access.location, (position * SLOTS + slot) as AccessId);
            registry.set_state(access.location, access.after);
        }
        self.events.push(event);
        self.executed += 1;
        position
    }

    /// Takes the last event away.
    pub(crate) fn pop(&mut self, registry: &mut Registry) -> Option<Event> {
        let event = self.events.pop()?;
        self.clocks.truncate(self.events.len() * self.stride);
        for access in event.accesses().iter().rev() {
            registry.set_last_access(access.location, access.previous);
        }
        self.executed = self.executed.min(self.events.len());
        Some(event)
    }

    /// Adds the races of an operation that its task has announced and will never do, because the run has ended: a run
    /// in which it went first is still to be found.
    pub(crate) fn find_races_of_blocked(
        &mut self,
        task: TaskId,
        pending: &Pending,
        condition: Condition<'_>,
        registry: &Registry,
    ) {
        self.fit(task);
        self.find_races(task, pending, condition, registry);
    }

    #[inline]
    fn access(&self, id: AccessId) -> &Access {
        &self.events[id as usize / SLOTS].accesses[id as usize % SLOTS]
    }

    /// Leaves in `joined` the clock of `pending` (less itself), and adds its races to `races`.
    ///
    /// The accesses of its locations are visited from the newest. An event that is not `covered` and conflicts is in a
    /// race if `pending` could have gone first. If it could not (the lock was held; the value was not there), the pair
    /// is ordered but not a race, and does not hide an older one.
    fn find_races(&mut self, task: TaskId, pending: &Pending, condition: Condition<'_>, registry: &Registry) {
        let row = task as usize * self.stride;
        self.covered.clear();
        self.covered.extend_from_slice(&self.task_clocks[row..row + self.stride]);
        self.joined.clear();
        self.joined.extend_from_slice(&self.task_clocks[row..row + self.stride]);

        let mut cursors = [NO_ACCESS; SLOTS];
        let mut modes = [crate::event::Mode::Read; SLOTS];
        for (slot, (location, action)) in pending.actions().iter().enumerate() {
            cursors[slot] = registry.last_access(*location);
            modes[slot] = action.outcome(registry.state(*location)).0;
        }
        loop {
            // The newest access of all chains. `NO_ACCESS` is the largest number: shift it below the others.
            let (slot, id) = if SLOTS == 2 && cursors[1].wrapping_add(1) > cursors[0].wrapping_add(1) {
                (1, cursors[1])
            } else {
                (0, cursors[0])
            };
            if id == NO_ACCESS {
                break;
            }
            let (position, mode) = (id as usize / SLOTS, self.access(id).mode);
            let first = &self.events[position];
            let is_covered = |clock: &[u32]| clock[first.task as usize] >= first.index;
            if !is_covered(&self.covered) && mode.conflicts(modes[slot]) {
                let clock = &self.clocks[position * self.stride..][..self.stride];
                join(&mut self.joined, clock);
                let reversed = match self.tracking {
                    Tracking::Races => self.reverse(position, task, pending, condition, registry),
                    Tracking::Clocks => None,
                };
                if let Some(reversed) = reversed {
                    self.races.push(Race { first: position, reversed });
                    let clock = &self.clocks[position * self.stride..][..self.stride];
                    join(&mut self.covered, clock);
                }
            }
            // Whatever came before a covered total access on this location happens before it.
            let first = &self.events[position];
            let seen = match self.tracking {
                Tracking::Races => &self.covered,
                Tracking::Clocks => &self.joined,
            };
            let done = mode.is_total() && seen[first.task as usize] >= first.index;
            cursors[slot] = if done { NO_ACCESS } else { self.access(id).previous };
        }
    }

    /// `pending` as it would be if it went before the event at `first` and all that happens after that; `None` if it
    /// could not have gone on there.
    fn reverse(
        &mut self,
        first: usize,
        task: TaskId,
        pending: &Pending,
        condition: Condition<'_>,
        registry: &Registry,
    ) -> Option<Event> {
        if self.events[first].glued {
            return None;
        }
        let mut states = [0; SLOTS];
        for (slot, &(location, action)) in pending.actions().iter().enumerate() {
            if action.depends_on_state() {
                states[slot] = self.state_without(first, location, registry);
                if !action.is_enabled(states[slot], condition) {
                    return None;
                }
            }
        }
        let index = self.task_clocks[task as usize * self.stride + task as usize] + 1;
        let mut slot = 0;
        Some(evaluate(task, index, pending, |_| {
            slot += 1;
            states[slot - 1]
        }))
    }

    /// The state of `location` after all events but `first` and those that happen after it.
    fn state_without(&mut self, first: usize, location: LocationId, registry: &Registry) -> u64 {
        let mut chain = mem::take(&mut self.chain);
        chain.clear();
        let mut id = registry.last_access(location);
        while id != NO_ACCESS && id as usize / SLOTS >= first {
            chain.push(id);
            id = self.access(id).previous;
        }
        let mut state = chain.last().map_or(registry.state(location), |&oldest| self.access(oldest).before);
        for &id in chain.iter().rev().filter(|&&id| !self.happens_before(first, id as usize / SLOTS)) {
            let access = self.access(id);
            state = if access.mode.is_increment() {
                state.wrapping_add(access.after.wrapping_sub(access.before))
            } else {
                access.after
            };
        }
        self.chain = chain;
        state
    }
}

/// `clock` becomes the later of the two, task by task.
#[inline]
fn join(clock: &mut [u32], other: &[u32]) {
    for (own, &seen) in clock.iter_mut().zip(other) {
        *own = (*own).max(seen);
    }
}

/// What `pending` comes to in the given states.
#[inline]
fn evaluate(task: TaskId, index: u32, pending: &Pending, mut state: impl FnMut(LocationId) -> u64) -> Event {
    let mut event = Event {
        task,
        slots: pending.slots,
        tags: [0; SLOTS],
        glued: false,
        index,
        accesses: [Access::NONE; SLOTS],
        source: pending.source,
    };
    for (slot, &(location, action)) in pending.actions().iter().enumerate() {
        let before = state(location);
        let (mode, after) = action.outcome(before);
        event.tags[slot] = action.tag();
        event.accesses[slot] = Access { location, mode, before, after, previous: NO_ACCESS };
    }
    event
}
