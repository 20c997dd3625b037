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
    Access, AccessId, Condition, Event, Footprint, LocationId, Mode, NO_ACCESS, Pending, SLOTS, States,
    TaskId,
};

/// Two events in a race.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Race {
    /// The position of the first.
    first: u32,
    /// The position of the second; past all events if it was announced and never executed.
    second: u32,
    /// The second, as it would be if it went first: its outcome may differ.
    pub(crate) reversed: Footprint,
    /// Where in `blockers` the events are that have to come later as well, and how many.
    others: (u32, u32),
    /// If it is wide: its second's place in the trail's list of such operations.
    wide: Option<u32>,
}

impl Race {
    /// The position of its first event.
    #[inline]
    pub(crate) fn first(&self) -> usize {
        self.first as usize
    }

    /// The position of its second event; past all events if it was announced and never executed.
    #[inline]
    pub(crate) fn second(&self) -> usize {
        self.second as usize
    }

    /// Whether the second conflicts with more when it goes first than it did, on other locations than the first's.
    pub(crate) fn is_wide(&self) -> bool {
        self.wide.is_some()
    }
}

/// What is to be found out about each event as it is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tracking {
    /// Nothing.
    Nothing,
    /// Its clock.
    Clocks,
    /// Its clock and its races.
    Races,
}

/// Of how many events that keep an operation from going on all subsets are tried.
const MOST_BLOCKERS_TRIED: usize = 6;

/// A part of a clock. Clocks are made of such parts, so that the words of one part are worked on together.
type Part = [u32; PART];

const PART: usize = 8;

/// For how many of a kind there is room to begin with: a small search should be over before it has grown all that it needs.
pub(crate) const FEW: usize = 16;

/// The events of the current run, in order.
pub(crate) struct Trail {
    events: Vec<Event>,
    accesses: Vec<Access>,
    /// `width` parts for each event.
    clocks: Vec<Part>,
    /// `width` parts for each task: the clock of what it does next, less that event itself.
    task_clocks: Vec<Part>,
    width: usize,
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
    /// The clock of the operation that is being looked at, as far as its races have been found: see
    /// [`find_races`](Trail::find_races).
    covered: Vec<Part>,
    /// Its clock, less itself.
    joined: Vec<Part>,
    /// The events that conflict with the operation that is being looked at, and whose absence alone does not let it go on.
    blocking: Vec<u32>,
    chain: Vec<AccessId>,
}

impl Trail {
    pub(crate) fn new(tracking: Tracking) -> Self {
        Trail {
            events: Vec::with_capacity(FEW),
            accesses: Vec::with_capacity(FEW),
            clocks: Vec::with_capacity(FEW),
            task_clocks: Vec::with_capacity(PART),
            width: 1,
            executed: 0,
            prefix: 0,
            tracking,
            races: Vec::with_capacity(FEW),
            blockers: Vec::new(),
            wide: Vec::new(),
            last_opaque: NO_ACCESS,
            blocking: Vec::new(),
            covered: vec![[0; PART]],
            joined: vec![[0; PART]],
            chain: Vec::new(),
        }
    }

    /// A run begins; the events that are in the trail are to be repeated.
    pub(crate) fn begin_run(&mut self) {
        self.executed = 0;
        self.prefix = self.events.len();
        self.task_clocks.fill([0; PART]);
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

    #[inline]
    pub(crate) fn events(&self) -> &[Event] {
        &self.events[..self.executed]
    }

    /// What the event at `position` did to each of its locations.
    #[inline]
    pub(crate) fn accesses(&self, position: usize) -> &[Access] {
        &self.accesses[self.events[position].accesses()]
    }

    /// The races that are to be reversed after this run: those of new events, and those before which a new event might as well
    /// have come. What is explored for a race is all that is independent of its first event, also what comes after its second:
    /// that is another sequence after another run. The one of an earlier run may have been covered by what sleeps, and this one
    /// may wake it.
    pub(crate) fn races_to_reverse(&self) -> impl Iterator<Item = &Race> {
        self.races.iter().filter(|race| {
            race.second() >= self.prefix
                || self.independent_of(race, self.prefix..self.len()).next().is_some()
        })
    }

    /// The events in these positions that are left when `race.first` is taken away, with all that has to come later.
    pub(crate) fn independent_of<'a>(
        &'a self,
        race: &'a Race,
        positions: Range<usize>,
    ) -> impl Iterator<Item = &'a Footprint> {
        let others = self.others(race);
        let stays = move |&position: &usize| {
            !self.happens_before(race.first(), position)
                && !others.iter().any(|&other| self.happens_before(other as usize, position))
        };
        positions.filter(stays).map(|position| &self.events[position].footprint)
    }

    /// The second event of a wide race as it would be after all that is independent of the race, also what came later than
    /// the second: what is independent of it now may not be when it goes first. `None` if it could not go on there.
    pub(crate) fn reversed_last(&self, race: &Race, registry: &Registry) -> Option<Footprint> {
        let pending = &self.wide[race.wide? as usize];
        let states = self.states_without(&mut Vec::new(), race.first(), self.others(race), pending, registry);
        let Footprint { task, choice, .. } = race.reversed;
        let alternatives = pending.alternatives(&states, None);
        (choice < alternatives).then(|| pending.outcome(task, &states, choice, alternatives).0)
    }

    fn others(&self, race: &Race) -> &[u32] {
        let (from, count) = race.others;
        &self.blockers[from as usize..][..count as usize]
    }

    /// The clock of the event at `position`. Empty where clocks are not kept.
    #[inline]
    pub(crate) fn clock(&self, position: usize) -> &[u32] {
        self.clocks.get(self.parts(position)).unwrap_or_default().as_flattened()
    }

    /// The clock of what `task` has done so far.
    pub(crate) fn task_clock(&self, task: TaskId) -> &[u32] {
        self.task_clocks.get(self.parts(task.into())).unwrap_or_default().as_flattened()
    }

    /// Where the parts of the `nth` clock are.
    #[inline]
    fn parts(&self, nth: usize) -> Range<usize> {
        nth * self.width..(nth + 1) * self.width
    }

    /// Whether the event at `first` happens before the one at `second` (or is it).
    #[inline]
    pub(crate) fn happens_before(&self, first: usize, second: usize) -> bool {
        let first = &self.events[first];
        knows(&self.clocks[second * self.width..], first.footprint.task, first.index)
    }

    /// `child` starts: all that `parent` has done happens before it.
    pub(crate) fn spawn(&mut self, parent: TaskId, child: TaskId) {
        if self.tracking == Tracking::Nothing {
            return;
        }
        for (parent, child) in self.parts(parent.into()).zip(self.parts(child.into())) {
            self.task_clocks[child] = self.task_clocks[parent];
        }
    }

    /// `task` has waited for the end of `other`: all of it happens before what `task` does next.
    pub(crate) fn join(&mut self, task: TaskId, other: TaskId) {
        if self.tracking == Tracking::Nothing {
            return;
        }
        let (own, its) = (self.parts(task.into()), self.parts(other.into()));
        for (own, its) in own.zip(its) {
            let seen = self.task_clocks[its];
            join(&mut self.task_clocks[own..=own], &[seen]);
        }
    }

    /// The state of `location` as far as `task` knows it: after the last of its accesses that happens before what the
    /// task does next. `None` if there is no such access.
    pub(crate) fn last_known(&self, task: TaskId, location: LocationId, registry: &Registry) -> Option<u64> {
        let known = self.task_clock(task);
        let mut id = registry.chain(location).0;
        while id != NO_ACCESS {
            let access = self.access(id);
            if known[access.task as usize] >= access.index {
                return Some(access.after);
            }
            id = access.previous;
        }
        None
    }

    /// Makes room for the task.
    #[inline]
    pub(crate) fn fit(&mut self, task: TaskId) {
        if self.task_clocks.len() <= task as usize * self.width || task as usize >= self.width * PART {
            self.make_room(task);
        }
    }

    #[cold]
    fn make_room(&mut self, task: TaskId) {
        let width = task as usize / PART + 1;
        if width > self.width {
            for clocks in [&mut self.clocks, &mut self.task_clocks] {
                let narrow = mem::take(clocks);
                for clock in narrow.chunks_exact(self.width) {
                    clocks.extend_from_slice(clock);
                    clocks.resize(clocks.len() + width - self.width, [0; PART]);
                }
            }
            self.covered.resize(width, [0; PART]);
            self.joined.resize(width, [0; PART]);
            self.width = width;
        }
        let parts = (task as usize + 1) * self.width;
        if self.task_clocks.len() < parts {
            self.task_clocks.resize(parts, [0; PART]);
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
            self.count(task, index);
        } else {
            let (own, of_event) = (self.parts(task.into()), self.parts(position));
            copy(&mut self.task_clocks[own], &self.clocks[of_event]);
        }
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
        let before = registry.states(pending);
        let of = pending.alternatives(&before, condition);
        let (footprint, after) = pending.outcome(task, &before, choice, of);
        let index = self.next_index(task);
        if self.tracking == Tracking::Nothing {
            self.count(task, index);
        } else {
            self.find_races(&footprint, pending, condition, registry);
            self.joined.as_flattened_mut()[task as usize] = index;
            let own = self.parts(task.into());
            copy(&mut self.task_clocks[own], &self.joined);
            self.joined.iter().for_each(|&part| self.clocks.push(part));
        }
        let first_access = self.accesses.len() as AccessId;
        let mut event = Event::new(pending, footprint, index, first_access);
        event.glued = glued;
        if footprint.opaque {
            event.previous_opaque = self.last_opaque;
            self.last_opaque = position as u32;
        }
        for ((location, mode), (before, after)) in footprint.touched().zip(before.into_iter().zip(after)) {
            let (previous, previous_modes) = registry.chain(location);
            let own = self.accesses.len() as AccessId;
            let position = position as u32;
            self.accesses.push(Access {
                before,
                after,
                position,
                index,
                task,
                mode,
                previous_modes,
                previous,
            });
            if mode != Mode::Nothing {
                registry.set_chain(location, own, previous_modes | mode.bit());
                registry.set_state(location, after);
            }
        }
        self.events.push(event);
        self.executed += 1;
        position
    }

    /// Takes the last event away.
    #[inline]
    pub(crate) fn pop(&mut self, registry: &mut Registry) -> Option<Footprint> {
        let Event { footprint, first_access, previous_opaque, .. } = self.events.pop()?;
        let position = self.events.len();
        self.clocks.truncate(position * self.width);
        let accesses = &self.accesses[first_access as usize..];
        for ((location, mode), access) in footprint.touched().zip(accesses).rev() {
            if mode != Mode::Nothing {
                registry.set_chain(location, access.previous, access.previous_modes);
            }
        }
        self.accesses.truncate(first_access as usize);
        if footprint.opaque {
            self.last_opaque = previous_opaque;
        }
        self.executed = self.executed.min(position);
        while let Some(race) = self.races.pop_if(|race| race.second() >= position) {
            self.blockers.truncate(race.others.0 as usize);
            self.wide.truncate(race.wide.map_or(self.wide.len(), |wide| wide as usize));
        }
        Some(footprint)
    }

    /// The event that has taken the location exclusively, if it is a lock that is held so. Who only found it taken
    /// has come later.
    pub(crate) fn taken_by(&self, location: LocationId, registry: &Registry) -> Option<&Event> {
        let mut id = registry.chain(location).0;
        while id != NO_ACCESS {
            let access = self.access(id);
            match access.mode {
                Mode::Acquire => return self.events.get(access.position as usize),
                Mode::Nothing | Mode::Read | Mode::Glance | Mode::Probe => id = access.previous,
                _ => return None,
            }
        }
        None
    }

    /// The events that have taken the location shared, if it is a lock that is held so, the oldest first.
    pub(crate) fn shared_by(&self, location: LocationId, registry: &Registry) -> Vec<&Event> {
        let (mut holders, mut returned) = (Vec::new(), Vec::new());
        let mut id = registry.chain(location).0;
        while id != NO_ACCESS {
            let access = self.access(id);
            match access.mode {
                Mode::ReleaseShared => returned.push(access.task),
                Mode::AcquireShared => match returned.iter().position(|&task| task == access.task) {
                    Some(given_back) => drop(returned.swap_remove(given_back)),
                    None => holders.extend(self.events.get(access.position as usize)),
                },
                // Nobody held it shared then.
                Mode::Acquire | Mode::Release => break,
                _ => {}
            }
            id = access.previous;
        }
        holders.reverse();
        holders
    }

    /// Takes all events away.
    pub(crate) fn clear(&mut self, registry: &mut Registry) {
        while self.pop(registry).is_some() {}
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
        let states = registry.states(pending);
        let of = pending.alternatives(&states, condition);
        let (footprint, _) = pending.outcome(task, &states, 0, of);
        self.find_races(&footprint, pending, condition, registry);
    }

    /// The task has done so many events.
    #[inline]
    fn count(&mut self, task: TaskId, events: u32) {
        self.task_clocks[task as usize * self.width..].as_flattened_mut()[task as usize] = events;
    }

    /// Which of the task's events its next one is.
    #[inline]
    fn next_index(&self, task: TaskId) -> u32 {
        self.task_clocks[task as usize * self.width..].as_flattened()[task as usize] + 1
    }

    #[inline]
    fn access(&self, id: AccessId) -> &Access {
        &self.accesses[id as usize]
    }

    /// Leaves in `joined` the clock of `event` (less itself), and adds its races to `races`. `event` is what `pending`
    /// comes to now.
    ///
    /// The events that may conflict are visited from the newest. One that is not `covered` and conflicts is in a race
    /// if `pending` could have gone first. If it could not (the lock was held; the value was not there), the pair is
    /// ordered but not a race, and does not hide an older one.
    fn find_races(
        &mut self,
        event: &Footprint,
        pending: &Pending,
        condition: Condition<'_>,
        registry: &Registry,
    ) {
        let own = self.parts(event.task.into());
        copy(&mut self.joined, &self.task_clocks[own]);
        copy(&mut self.covered, &self.joined);
        self.blocking.clear();
        if event.opaque {
            self.find_opaque_races(event, pending, condition, registry);
            return;
        }
        let mut cursors = [NO_ACCESS; SLOTS];
        for (cursor, (location, mode)) in cursors.iter_mut().zip(event.touched()) {
            let (last, modes) = registry.chain(location);
            if modes & mode.conflicting() != 0 {
                *cursor = last;
            }
        }
        let mut opaque = self.last_opaque;
        loop {
            // The newest of all chains. `NO_ACCESS` is the largest number: one more is the smallest.
            let (mut slot, mut id) = (0, cursors[0]);
            for (other, &cursor) in cursors.iter().enumerate().take(event.slots()).skip(1) {
                if cursor.wrapping_add(1) > id.wrapping_add(1) {
                    (slot, id) = (other, cursor);
                }
            }
            if opaque != NO_ACCESS && (id == NO_ACCESS || opaque >= self.access(id).position) {
                let done = self.is_covered(opaque as usize)
                    || self.meet(opaque as usize, event, pending, condition, registry);
                opaque = if done { NO_ACCESS } else { self.events[opaque as usize].previous_opaque };
                continue;
            }
            if id == NO_ACCESS {
                break;
            }
            let Access { position, task, index, mode, previous, .. } = *self.access(id);
            let conflicts = mode.conflicts(event.modes()[slot]);
            let covered = knows(&self.covered, task, index)
                || (conflicts && self.meet(position as usize, event, pending, condition, registry));
            // Whatever came before a covered total access on this location happens before it.
            cursors[slot] = if covered && mode.is_total() { NO_ACCESS } else { previous };
        }
    }

    /// An opaque event conflicts with all that came before it, back to the last opaque one.
    fn find_opaque_races(
        &mut self,
        event: &Footprint,
        pending: &Pending,
        condition: Condition<'_>,
        registry: &Registry,
    ) {
        for position in (0..self.events.len()).rev() {
            let covered =
                self.is_covered(position) || self.meet(position, event, pending, condition, registry);
            if covered && self.events[position].footprint.opaque {
                break;
            }
        }
    }

    #[inline]
    fn is_covered(&self, position: usize) -> bool {
        let event = &self.events[position];
        knows(&self.covered, event.footprint.task, event.index)
    }

    /// `pending` conflicts with the event at `position`, which is not covered: notes what follows from it. True if the event
    /// is covered now.
    #[inline]
    fn meet(
        &mut self,
        position: usize,
        event: &Footprint,
        pending: &Pending,
        condition: Condition<'_>,
        registry: &Registry,
    ) -> bool {
        let clock = self.parts(position);
        join(&mut self.joined, &self.clocks[clock.clone()]);
        let is_race = match self.tracking {
            // Only the clock is wanted: any ordered pair covers.
            Tracking::Nothing | Tracking::Clocks => true,
            Tracking::Races => self.reverse(position, event, pending, condition, registry),
        };
        if is_race {
            join(&mut self.covered, &self.clocks[clock]);
        }
        is_race
    }

    /// Adds the race of `pending` with the event at `first`: `pending` as it would be if it went before that event and
    /// all that happens after it, one for each of its alternatives there. False if it could not have gone on there.
    #[inline]
    fn reverse(
        &mut self,
        first: usize,
        event: &Footprint,
        pending: &Pending,
        condition: Condition<'_>,
        registry: &Registry,
    ) -> bool {
        let mut first = first;
        if self.events[first].glued {
            let Some(chosen) = self.unglued(first) else { return false };
            first = chosen;
            if self.is_covered(first) {
                return false;
            }
        }
        if pending.depends_on_states() {
            return self.reverse_in_states(first, event, pending, condition, registry);
        }
        // It is the same wherever it goes.
        let others = (self.blockers.len() as u32, 0);
        let (first, second) = (first as u32, self.events.len() as u32);
        self.races.push(Race { first, second, reversed: *event, others, wide: None });
        true
    }

    /// [`reverse`](Trail::reverse), for an operation whose outcome depends on what was done before it.
    fn reverse_in_states(
        &mut self,
        first: usize,
        event: &Footprint,
        pending: &Pending,
        condition: Condition<'_>,
        registry: &Registry,
    ) -> bool {
        let from = self.blockers.len();
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
        let locations = self.events[position].footprint.locations();
        locations.iter().zip(self.accesses(position)).any(|(its, access)| {
            access.after.wrapping_sub(access.before) as i64 > 0
                && pending.actions().iter().any(|(location, _)| location == its)
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
        event: &Footprint,
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
        event: &Footprint,
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
        event: &Footprint,
        pending: &Pending,
        states: &States,
        alternatives: u16,
    ) {
        let others = (from as u32, (self.blockers.len() - from) as u32);
        let (first, second) = (first as u32, self.events.len() as u32);
        for choice in 0..alternatives {
            let (reversed, _) = pending.outcome(event.task, states, choice, alternatives);
            if alternatives > 1
                && others.1 == 0
                && !reversed.conflicts(&self.events[first as usize].footprint)
            {
                // Alternatives may touch different locations. This one commutes with the first event, and is explored
                // after it.
                continue;
            }
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
    #[inline]
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
        while id != NO_ACCESS && self.access(id).position as usize >= first {
            chain.push(id);
            id = self.access(id).previous;
        }
        let mut state = chain.last().map_or(registry.state(location), |&oldest| self.access(oldest).before);
        for &id in chain.iter().rev() {
            let access = self.access(id);
            let position = access.position as usize;
            if self.happens_before(first, position)
                || others.iter().any(|&other| self.happens_before(other as usize, position))
            {
                continue;
            }
            state = if access.mode.is_total() {
                access.after
            } else {
                state.wrapping_add(access.after.wrapping_sub(access.before))
            };
        }
        state
    }
}

/// Clocks have few parts, mostly one: a call of `memcpy` would take longer.
#[inline]
fn copy(clock: &mut [Part], other: &[Part]) {
    for (own, seen) in clock.iter_mut().zip(other) {
        *own = *seen;
    }
}

/// `clock` becomes the later of the two, task by task.
#[inline]
fn join(clock: &mut [Part], other: &[Part]) {
    for (own, seen) in clock.iter_mut().zip(other) {
        for (own, &seen) in own.iter_mut().zip(seen) {
            *own = (*own).max(seen);
        }
    }
}

/// Whether `clock` has the task's event of this index.
#[inline]
fn knows(clock: &[Part], task: TaskId, index: u32) -> bool {
    clock.as_flattened()[task as usize] >= index
}
