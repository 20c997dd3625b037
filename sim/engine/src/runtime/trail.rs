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
use std::ops::Range;

use super::registry::Registry;
use crate::event::{
    Access, AccessId, Condition, Event, LocationId, Mode, NO_ACCESS, Pending, SLOTS, States, TaskId,
};

/// Two events in a race.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Race {
    /// The position of the first.
    pub(crate) first: usize,
    /// The position of the second; past all events if it was announced and never executed.
    pub(crate) second: usize,
    /// The second, as it would be if it went first: its outcome may differ.
    pub(crate) reversed: Event,
    /// Where in `blockers` the events are that have to come later as well, and how many.
    others: (u32, u32),
    /// If it is wide: its second's place in the trail's list of such operations.
    wide: Option<u32>,
}

impl Race {
    /// Whether the second conflicts with more when it goes first than it did, on other locations than the first's.
    pub(crate) fn is_wide(&self) -> bool {
        self.wide.is_some()
    }
}

/// What is to be found out about each event as it is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tracking {
    /// Its clock.
    Clocks,
    /// Its clock and its races.
    Races,
}

/// Of how many events that keep an operation from going on all subsets are tried.
const MOST_BLOCKERS_TRIED: usize = 6;

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
    /// How many of the events are from an earlier run.
    prefix: usize,
    /// The races of the events, in the order of their second events.
    races: Vec<Race>,
    /// Of each race in turn, the positions of the later events that kept its second event from going on, as its first
    /// event did: none for most.
    blockers: Vec<u32>,
    /// The second operations of the races that are wide.
    wide: Vec<Pending>,
    last_opaque: u32,
    /// The events that conflict with the operation that is being looked at, and whose absence alone does not let it go on.
    blocking: Vec<u32>,
    covered: Vec<u32>,
    joined: Vec<u32>,
    chain: Vec<AccessId>,
}

impl Trail {
    pub(crate) fn new(tracking: Tracking) -> Self {
        Trail {
            events: Vec::new(),
            clocks: Vec::new(),
            task_clocks: Vec::new(),
            stride: 8,
            executed: 0,
            prefix: 0,
            tracking,
            races: Vec::new(),
            blockers: Vec::new(),
            wide: Vec::new(),
            last_opaque: NO_ACCESS,
            blocking: Vec::new(),
            covered: Vec::new(),
            joined: Vec::new(),
            chain: Vec::new(),
        }
    }

    /// A run begins; the events that are in the trail are to be repeated.
    pub(crate) fn begin_run(&mut self) {
        self.executed = 0;
        self.prefix = self.events.len();
        self.task_clocks.fill(0);
    }

    /// Whether part of the prefix is still to be repeated.
    #[inline]
    pub(crate) fn is_repeating(&self) -> bool {
        self.executed < self.events.len()
    }

    /// Whether what comes next is the first event of this run that is not repeated.
    #[inline]
    pub(crate) fn is_first_new(&self) -> bool {
        self.executed == self.prefix
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

    /// The races that are to be reversed after this run: those whose second event is new. The others have been before;
    /// but what is reversed contains all that is independent of the first event, so that where a new event is one
    /// alternative of several, the others have to be again, with that alternative. And where the second event conflicts
    /// with more if it goes first, what is new may be independent of it now and not be then.
    pub(crate) fn new_races(&self) -> impl Iterator<Item = &Race> {
        let has_choice = self.events[self.prefix..].iter().any(|event| event.alternatives > 1);
        let old = if has_choice { 0 } else { self.races.partition_point(|race| race.second < self.prefix) };
        let again = if self.wide.is_empty() { 0 } else { old };
        self.races[..again].iter().filter(|race| race.is_wide()).chain(&self.races[old..])
    }

    /// The events in these positions that are left when `race.first` is taken away, with all that has to come later.
    pub(crate) fn independent_of<'a>(
        &'a self,
        race: &'a Race,
        positions: Range<usize>,
    ) -> impl Iterator<Item = &'a Event> {
        let others = self.others(race);
        let stays = move |&position: &usize| {
            !self.happens_before(race.first, position)
                && !others.iter().any(|&other| self.happens_before(other as usize, position))
        };
        positions.filter(stays).map(|position| &self.events[position])
    }

    /// The second event of a wide race as it would be after all that is independent of the race, also what came later than
    /// the second: what is independent of it now may not be when it goes first. `None` if it could not go on there.
    pub(crate) fn reversed_last(&self, race: &Race, registry: &Registry) -> Option<Event> {
        let pending = &self.wide[race.wide? as usize];
        let states = self.states_without(&mut Vec::new(), race.first, self.others(race), pending, registry);
        let Event { task, index, choice, .. } = race.reversed;
        let alternatives = pending.alternatives(&states, None);
        (choice < alternatives).then(|| pending.event(task, index, &states, choice, alternatives))
    }

    fn others(&self, race: &Race) -> &[u32] {
        let (from, count) = race.others;
        &self.blockers[from as usize..][..count as usize]
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

    /// The state of `location` as far as `task` knows it: after the last of its accesses that happens before what the
    /// task does next. `None` if there is no such access.
    pub(crate) fn last_known(&self, task: TaskId, location: LocationId, registry: &Registry) -> Option<u64> {
        let known = self.task_clock(task);
        let mut id = registry.chain(location).0;
        while id != NO_ACCESS {
            let event = &self.events[id as usize / SLOTS];
            if known[event.task as usize] >= event.index {
                return Some(self.access(id).after);
            }
            id = self.access(id).previous;
        }
        None
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

    /// Executes the next event of the prefix. Returns its position.
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

    /// Executes one alternative of `pending` of `task` as a new event at the end. Returns its position.
    pub(crate) fn push(
        &mut self,
        task: TaskId,
        pending: &Pending,
        condition: Condition<'_>,
        choice: u16,
        glued: bool,
        registry: &mut Registry,
    ) -> usize {
        let position = self.events.len();
        let mut event = self.event(task, pending, condition, choice, registry);
        self.find_races(&event, pending, condition, registry);
        let row = task as usize * self.stride;
        self.joined[task as usize] = event.index;
        self.task_clocks[row..row + self.stride].copy_from_slice(&self.joined);
        self.clocks.extend_from_slice(&self.joined);
        event.glued = glued;
        if event.opaque {
            event.previous_opaque = self.last_opaque;
            self.last_opaque = position as u32;
        }
        for slot in 0..event.slots as usize {
            let access = &mut event.accesses[slot];
            if access.mode == Mode::Nothing {
                continue;
            }
            let (last, modes) = registry.chain(access.location);
            (access.previous, access.previous_modes) = (last, modes);
            let own = (position * SLOTS + slot) as AccessId;
            registry.set_chain(access.location, own, modes | access.mode.bit());
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
        for access in event.accesses().iter().rev().filter(|access| access.mode != Mode::Nothing) {
            registry.set_chain(access.location, access.previous, access.previous_modes);
        }
        if event.opaque {
            self.last_opaque = event.previous_opaque;
        }
        self.executed = self.executed.min(self.events.len());
        while self.races.last().is_some_and(|race| race.second >= self.events.len()) {
            let Some(race) = self.races.pop() else { break };
            self.blockers.truncate(race.others.0 as usize);
            self.wide.truncate(race.wide.map_or(self.wide.len(), |wide| wide as usize));
        }
        Some(event)
    }

    /// The last event that touched the location.
    pub(crate) fn last_event(&self, location: LocationId, registry: &Registry) -> Option<&Event> {
        self.events.get(registry.chain(location).0 as usize / SLOTS)
    }

    /// Takes all events away.
    pub(crate) fn clear(&mut self, registry: &mut Registry) {
        while self.pop(registry).is_some() {}
    }

    /// The event that an alternative of `pending` would be now.
    pub(crate) fn event(
        &self,
        task: TaskId,
        pending: &Pending,
        condition: Condition<'_>,
        choice: u16,
        registry: &Registry,
    ) -> Event {
        let states = registry.states(pending);
        let of = pending.alternatives(&states, condition);
        pending.event(task, self.next_index(task), &states, choice, of)
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
        let event = self.event(task, pending, condition, 0, registry);
        self.find_races(&event, pending, condition, registry);
    }

    /// Which of the task's events its next one is.
    #[inline]
    fn next_index(&self, task: TaskId) -> u32 {
        self.task_clocks[task as usize * self.stride + task as usize] + 1
    }

    #[inline]
    fn access(&self, id: AccessId) -> &Access {
        &self.events[id as usize / SLOTS].accesses[id as usize % SLOTS]
    }

    /// Leaves in `joined` the clock of `event` (less itself), and adds its races to `races`. `event` is what `pending`
    /// comes to now.
    ///
    /// The events that may conflict are visited from the newest. One that is not `covered` and conflicts is in a race
    /// if `pending` could have gone first. If it could not (the lock was held; the value was not there), the pair is
    /// ordered but not a race, and does not hide an older one.
    fn find_races(
        &mut self,
        event: &Event,
        pending: &Pending,
        condition: Condition<'_>,
        registry: &Registry,
    ) {
        let row = event.task as usize * self.stride;
        self.blocking.clear();
        self.covered.clear();
        self.covered.extend_from_slice(&self.task_clocks[row..row + self.stride]);
        self.joined.clear();
        self.joined.extend_from_slice(&self.task_clocks[row..row + self.stride]);
        if event.opaque {
            self.find_opaque_races(event, pending, condition, registry);
            return;
        }
        let mut cursors = [NO_ACCESS; SLOTS];
        for (cursor, access) in cursors.iter_mut().zip(event.accesses()) {
            let (last, modes) = registry.chain(access.location);
            if modes & access.mode.conflicting() != 0 {
                *cursor = last;
            }
        }
        let mut opaque = self.last_opaque;
        loop {
            // The newest of all chains. `NO_ACCESS` is the largest number: one more is the smallest.
            let (mut slot, mut id) = (0, cursors[0]);
            for (other, &cursor) in cursors.iter().enumerate().take(event.slots.into()).skip(1) {
                if cursor.wrapping_add(1) > id.wrapping_add(1) {
                    (slot, id) = (other, cursor);
                }
            }
            if opaque != NO_ACCESS && (id == NO_ACCESS || opaque as usize >= id as usize / SLOTS) {
                let done = self.meet(opaque as usize, event, pending, condition, registry);
                opaque = if done { NO_ACCESS } else { self.events[opaque as usize].previous_opaque };
                continue;
            }
            if id == NO_ACCESS {
                break;
            }
            let (position, mode, previous) = {
                let access = self.access(id);
                (id as usize / SLOTS, access.mode, access.previous)
            };
            let covered = if mode.conflicts(event.accesses[slot].mode) {
                self.meet(position, event, pending, condition, registry)
            } else {
                mode.is_total() && self.is_covered(position)
            };
            // Whatever came before a covered total access on this location happens before it.
            cursors[slot] = if covered && mode.is_total() { NO_ACCESS } else { previous };
        }
    }

    /// An opaque event conflicts with all that came before it, back to the last opaque one.
    fn find_opaque_races(
        &mut self,
        event: &Event,
        pending: &Pending,
        condition: Condition<'_>,
        registry: &Registry,
    ) {
        for position in (0..self.events.len()).rev() {
            if self.meet(position, event, pending, condition, registry) && self.events[position].opaque {
                break;
            }
        }
    }

    #[inline]
    fn is_covered(&self, position: usize) -> bool {
        let event = &self.events[position];
        self.covered[event.task as usize] >= event.index
    }

    /// `pending` conflicts with the event at `position`: notes what follows from it. True if the event is covered now.
    fn meet(
        &mut self,
        position: usize,
        event: &Event,
        pending: &Pending,
        condition: Condition<'_>,
        registry: &Registry,
    ) -> bool {
        if self.is_covered(position) {
            return true;
        }
        let clock = position * self.stride..(position + 1) * self.stride;
        join(&mut self.joined, &self.clocks[clock.clone()]);
        let is_race = match self.tracking {
            // Only the clock is wanted: any ordered pair covers.
            Tracking::Clocks => true,
            Tracking::Races => self.reverse(position, event, pending, condition, registry),
        };
        if is_race {
            join(&mut self.covered, &self.clocks[clock]);
        }
        is_race
    }

    /// Adds the race of `pending` with the event at `first`: `pending` as it would be if it went before that event and
    /// all that happens after it, one for each of its alternatives there. False if it could not have gone on there.
    fn reverse(
        &mut self,
        first: usize,
        event: &Event,
        pending: &Pending,
        condition: Condition<'_>,
        registry: &Registry,
    ) -> bool {
        let Some(first) = self.unglued(first) else { return false };
        if self.is_covered(first) {
            return false;
        }
        let from = self.blockers.len();
        if !pending.depends_on_states() {
            self.add_race(first, from, event, pending, &[0; SLOTS], 1);
            return true;
        }
        let states = self.states_without_newest(first, from, pending, registry);
        let alternatives = pending.alternatives(&states, condition);
        if alternatives > 0 {
            self.add_race(first, from, event, pending, &states, alternatives);
            return true;
        }
        let found = self.reverse_several(first, event, pending, condition, registry);
        if pending.rule.is_some() || self.holds(first, pending) {
            self.blocking.push(first as u32);
        }
        found
    }

    /// The event at `position`, or the one that it is glued to: where another task can go first.
    #[inline]
    fn unglued(&self, mut position: usize) -> Option<usize> {
        while self.events[position].glued {
            position = position.checked_sub(1)?;
        }
        Some(position)
    }

    /// Whether the event counts itself in where `pending` waits for nobody to be counted.
    fn holds(&self, position: usize, pending: &Pending) -> bool {
        self.events[position].accesses().iter().any(|access| {
            access.after.wrapping_sub(access.before) as i64 > 0
                && pending.actions().iter().any(|(location, _)| *location == access.location)
        })
    }

    /// Several events may keep an operation from going on, so that it does not help to take one of them away: two readers
    /// hold a lock, and neither gives it back. Adds the races in which the event at `first` and some of `blocking` all come
    /// later, as few as will do. False if there is none.
    ///
    /// For locks there is one way: all who hold it come later. What a rule waits for is not known, and there may be several
    /// ways: all are tried, if the blockers are not too many.
    fn reverse_several(
        &mut self,
        first: usize,
        event: &Event,
        pending: &Pending,
        condition: Condition<'_>,
        registry: &Registry,
    ) -> bool {
        if self.blocking.iter().all(|&other| self.happens_before(first, other as usize)) {
            // They go with the first event anyway.
            return false;
        }
        if pending.rule.is_some() && self.blocking.len() <= MOST_BLOCKERS_TRIED {
            return self.reverse_each_few(first, event, pending, condition, registry);
        }
        let from = self.blockers.len();
        self.blockers.extend_from_slice(&self.blocking);
        let mut states = self.states_without_newest(first, from, pending, registry);
        if pending.alternatives(&states, condition) == 0 {
            self.blockers.truncate(from);
            return false;
        }
        // The oldest go back first: what happens after one of them is on the list itself, if it has to be.
        for at in (from..self.blockers.len()).rev() {
            let blocker = self.blockers.remove(at);
            let fewer = self.states_without_newest(first, from, pending, registry);
            if pending.alternatives(&fewer, condition) == 0 {
                self.blockers.insert(at, blocker);
            } else {
                states = fewer;
            }
        }
        self.add_race(first, from, event, pending, &states, pending.alternatives(&states, condition));
        true
    }

    fn reverse_each_few(
        &mut self,
        first: usize,
        event: &Event,
        pending: &Pending,
        condition: Condition<'_>,
        registry: &Registry,
    ) -> bool {
        let mut found: Vec<u32> = Vec::new();
        // A set comes after all of its subsets.
        for set in 1u32..1 << self.blocking.len() {
            if found.iter().any(|smaller| smaller & !set == 0) {
                continue;
            }
            let from = self.blockers.len();
            let taken = |&(i, _): &(usize, &u32)| set & (1 << i) != 0;
            self.blockers.extend(self.blocking.iter().enumerate().filter(taken).map(|(_, &other)| other));
            let states = self.states_without_newest(first, from, pending, registry);
            let alternatives = pending.alternatives(&states, condition);
            if alternatives > 0 {
                found.push(set);
                self.add_race(first, from, event, pending, &states, alternatives);
            } else {
                self.blockers.truncate(from);
            }
        }
        !found.is_empty()
    }

    fn add_race(
        &mut self,
        first: usize,
        from: usize,
        event: &Event,
        pending: &Pending,
        states: &States,
        alternatives: u16,
    ) {
        let others = (from as u32, (self.blockers.len() - from) as u32);
        let second = self.events.len();
        for choice in 0..alternatives {
            let reversed = pending.event(event.task, event.index, states, choice, alternatives);
            let wide = reversed.is_wider_than(event).then_some(self.wide.len() as u32);
            self.wide.extend(wide.map(|_| *pending));
            self.races.push(Race { first, second, reversed, others, wide });
        }
    }

    /// The states of `pending`'s locations without the event at `first` and the `blockers` from `from` on, and without
    /// what happens after any of them.
    fn states_without_newest(
        &mut self,
        first: usize,
        from: usize,
        pending: &Pending,
        registry: &Registry,
    ) -> States {
        let mut chain = mem::take(&mut self.chain);
        let states = self.states_without(&mut chain, first, &self.blockers[from..], pending, registry);
        self.chain = chain;
        states
    }

    /// The states of `pending`'s locations without the event at `first` and `others`, and without what happens after any
    /// of them.
    fn states_without(
        &self,
        chain: &mut Vec<AccessId>,
        first: usize,
        others: &[u32],
        pending: &Pending,
        registry: &Registry,
    ) -> States {
        let mut states = [0; SLOTS];
        for (state, &(location, _)) in states.iter_mut().zip(pending.actions()) {
            *state = self.state_without(chain, first, others, location, registry);
        }
        states
    }

    fn state_without(
        &self,
        chain: &mut Vec<AccessId>,
        first: usize,
        others: &[u32],
        location: LocationId,
        registry: &Registry,
    ) -> u64 {
        chain.clear();
        let mut id = registry.chain(location).0;
        while id != NO_ACCESS && id as usize / SLOTS >= first {
            chain.push(id);
            id = self.access(id).previous;
        }
        let mut state = chain.last().map_or(registry.state(location), |&oldest| self.access(oldest).before);
        for &id in chain.iter().rev() {
            let position = id as usize / SLOTS;
            if self.happens_before(first, position)
                || others.iter().any(|&other| self.happens_before(other as usize, position))
            {
                continue;
            }
            let access = self.access(id);
            state = if access.mode.is_total() {
                access.after
            } else {
                state.wrapping_add(access.after.wrapping_sub(access.before))
            };
        }
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
