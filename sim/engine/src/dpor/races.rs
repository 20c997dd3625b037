//! Races and their reversals.
//!
//! Two events are in a *race* if they belong to different tasks and conflict, no event is between
//! them in happens-before, and the second could have gone first. Abdulla, Aronis, Jonsson, Sagonas:
//! "Source Sets", JACM 64(4), 2017, section 3.
//!
//! The second event is evaluated in the state without the first event and the events that happen
//! after it. If it is disabled there (the lock was held; the value was absent), the pair is ordered
//! and no race, and does not hide an older race.

use std::collections::VecDeque;
use std::ops::Range;
use std::panic::Location;

use crate::event::{Footprint, LocationStates, Pending, TaskId};
use crate::history::{ClockPart, Conflicts, FEW, Operation, Registry, Tracking, Trail};

/// Two events in a race.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Race {
    /// The position of the second event; the end of the trail if it was announced and never
    /// executed.
    second: u32,
    /// The second event if it goes first: its outcome may differ.
    pub(crate) reversed: Footprint,
    /// Index in `Races::removed` of the events that come later when the second event goes first,
    /// and their number.
    removed: (u32, u32),
    /// Index of the second operation in `Races::wide`, if it conflicts with more events when it
    /// goes first.
    wide: Option<u32>,
}

impl Race {
    /// The position of the second event; the end of the trail if it was announced and never
    /// executed.
    #[inline]
    pub(crate) fn second(&self) -> usize {
        self.second as usize
    }

    /// Whether the second event conflicts with more events, on other locations than the first
    /// event's, when it goes first.
    pub(crate) fn is_wide(&self) -> bool {
        self.wide.is_some()
    }
}

/// The largest number of sets of events that are removed on trial to find the sets whose absence
/// enables one operation. Beyond it, the search is bounded.
pub(crate) const MAX_REMOVALS: usize = 10_000;

/// The races of the current run, in the order of their second events.
pub(crate) struct Races {
    races: Vec<Race>,
    /// For each race in decision, the position of the first event, followed by the positions of the
    /// later events that, like the first, kept the second event disabled. Most races have no such
    /// later events.
    removed: Vec<u32>,
    /// The second operations of the wide races.
    wide: Vec<Pending>,
    /// Compute only happens-before, not races.
    only_orders: bool,
    /// An operation for which [`MAX_REMOVALS`] was exceeded: classes may be missing.
    removals_exceeded_at: Option<&'static Location<'static>>,
    examination: Examination,
}

/// The results of the examination of one operation.
#[derive(Default)]
struct Examination {
    /// The conflicting events whose absence alone does not enable the operation, but which may
    /// belong to a set whose absence does. The newest first.
    blocking: Vec<u32>,
    /// The sets of several events whose absence enables it.
    enabling: Vec<Vec<u32>>,
    /// The number of sets of events that have been removed on trial.
    removals: usize,
}

/// The operation that is examined for races, and its outcome in the current state.
#[derive(Clone, Copy)]
struct Second<'a> {
    trail: &'a Trail,
    registry: &'a Registry,
    operation: Operation<'a>,
    event: &'a Footprint,
}

impl Second<'_> {
    /// The number of alternatives without the events of `removed` and the events that happen after
    /// any of them, and the states of its locations there. The first element of `removed` is the
    /// oldest.
    fn without(&self, removed: &[u32]) -> (u16, LocationStates) {
        let Operation { pending, condition, .. } = self.operation;
        let states = self.trail.states_without(removed, pending, self.registry);
        (pending.alternatives(&states, condition), states)
    }

    /// Whether the event at `position` happens after the event at `first`, or is that event, and
    /// may disable the operation.
    fn may_be_disabled_by(&self, first: usize, position: usize) -> bool {
        let pending = self.operation.pending;
        let footprint = &self.trail.events()[position].footprint;
        self.trail.happens_before(first, position)
            && footprint.locations().iter().zip(self.trail.accesses(position)).any(|(its, access)| {
                let mut slots = pending.actions().iter().enumerate();
                slots.any(|(slot, (location, _))| {
                    location == its && pending.may_be_disabled_by(slot, access.before, access.after)
                })
            })
    }
}

impl Conflicts for Races {
    fn begin(&mut self) {
        self.examination.blocking.clear();
        self.examination.enabling.clear();
        self.examination.removals = 0;
    }

    #[inline]
    fn report(
        &mut self,
        trail: &Trail,
        registry: &Registry,
        operation: Operation<'_>,
        event: &Footprint,
        position: usize,
        covered: &[ClockPart],
    ) -> bool {
        if self.only_orders {
            return true;
        }
        let mut first = position;
        if trail.events()[first].atomic_with_previous {
            let Some(chosen) = chosen_event(trail, first) else { return false };
            first = chosen;
            if trail.is_before_clock(first, covered) {
                return false;
            }
        }
        let second = Second { trail, registry, operation, event };
        if operation.pending.depends_on_states() {
            return self.reverse_in_states(first, second);
        }
        // Its outcome is the same in every state.
        let removed = (self.removed.len() as u32, 1);
        self.removed.push(first as u32);
        self.races.push(Race { second: trail.len() as u32, reversed: *event, removed, wide: None });
        true
    }
}

/// The event at `position`, or the earlier one with which it is atomic: the point where another
/// task can go first.
#[inline]
fn chosen_event(trail: &Trail, mut position: usize) -> Option<usize> {
    while trail.events()[position].atomic_with_previous {
        position = position.checked_sub(1)?;
    }
    Some(position)
}

impl Races {
    pub(crate) fn new(tracking: Tracking) -> Self {
        Races {
            races: Vec::with_capacity(FEW),
            removed: Vec::with_capacity(FEW),
            wide: Vec::new(),
            only_orders: tracking != Tracking::Races,
            removals_exceeded_at: None,
            examination: Examination::default(),
        }
    }

    /// Drops the races of all events but the first `prefix`, which the next run repeats.
    pub(crate) fn begin_run(&mut self, prefix: usize) {
        while let Some(race) = self.races.pop_if(|race| race.second() >= prefix) {
            self.removed.truncate(race.removed.0 as usize);
            self.wide.truncate(race.wide.map_or(self.wide.len(), |wide| wide as usize));
        }
    }

    /// The source of an operation for which [`MAX_REMOVALS`] was exceeded, if any: classes may be
    /// missing.
    pub(crate) fn removals_exceeded_at(&self) -> Option<&'static Location<'static>> {
        self.removals_exceeded_at
    }

    /// Adds the races of an operation that was announced and never executed because the run has
    /// ended. The runs in which it goes first remain to be found.
    pub(crate) fn add_blocked(&mut self, trail: &mut Trail, operation: Operation<'_>, registry: &Registry) {
        let Operation { task, pending, condition } = operation;
        let states = registry.states(pending);
        let of = pending.alternatives(&states, condition);
        let (footprint, _) = pending.outcome(task, &states, 0, of);
        trail.visit_conflicts(operation, &footprint, registry, self);
    }

    /// The races to reverse after this run: the races of new events, and the older races with which
    /// a new event is concurrent. The sequence of a race contains all events that are independent
    /// of its first event, also those after its second; so it differs from the sequence after an
    /// earlier run. The sleep set may have covered the earlier sequence, and this one may wake it.
    pub(crate) fn to_reverse(&self, trail: &Trail) -> impl Iterator<Item = &Race> {
        let prefix = trail.prefix();
        self.races.iter().filter(move |race| {
            race.second() >= prefix || self.independent_of(race, trail, prefix..trail.len()).next().is_some()
        })
    }

    /// The position of the race's first event.
    #[inline]
    pub(crate) fn first(&self, race: &Race) -> usize {
        self.removed[race.removed.0 as usize] as usize
    }

    /// The events at these positions that remain when the race's first event is removed, with the
    /// events that have to come later.
    pub(crate) fn independent_of<'a>(
        &'a self,
        race: &'a Race,
        trail: &'a Trail,
        positions: Range<usize>,
    ) -> impl Iterator<Item = &'a Footprint> {
        let removed = self.removed(race);
        positions
            .filter(move |&position| !trail.is_after_any(removed, position))
            .map(|position| &trail.events()[position].footprint)
    }

    /// The second event of a wide race after all events that are independent of the race, including
    /// those that came after the second event: they may conflict with it when it goes first. `None`
    /// if it is disabled there.
    pub(crate) fn reversed_last(&self, race: &Race, trail: &Trail, registry: &Registry) -> Option<Footprint> {
        let pending = &self.wide[race.wide? as usize];
        let states = trail.states_without(self.removed(race), pending, registry);
        let Footprint { task, choice, .. } = race.reversed;
        let alternatives = pending.alternatives(&states, None);
        (choice < alternatives).then(|| pending.outcome(task, &states, choice, alternatives).0)
    }

    fn removed(&self, race: &Race) -> &[u32] {
        let (from, count) = race.removed;
        &self.removed[from as usize..][..count as usize]
    }

    /// Adds the races of `second`, whose outcome depends on the states, with the event at `first`:
    /// one race for each alternative. False if the absence of that event alone does not enable the
    /// operation.
    fn reverse_in_states(&mut self, first: usize, second: Second<'_>) -> bool {
        if self.add(&[first as u32], second) {
            return true;
        }
        if second.operation.pending.waits_for_holders() {
            let found = self.reverse_holders(first, second);
            if second.may_be_disabled_by(first, first) {
                self.examination.blocking.push(first as u32);
            }
            return found;
        }
        if (first..second.trail.len()).any(|later| second.may_be_disabled_by(first, later)) {
            self.reverse_sets(first, second);
            self.examination.blocking.push(first as u32);
        }
        false
    }

    /// Adds the race in which the event at `first` and some of `blocking` come later. Several tasks
    /// may hold a lock, so that the removal of one holder does not enable the operation. There is
    /// one such set: all holders of the lock. False if it does not exist.
    fn reverse_holders(&mut self, first: usize, second: Second<'_>) -> bool {
        if self.examination.blocking.iter().all(|&other| second.trail.happens_before(first, other as usize)) {
            // The absence of the first event implies theirs.
            return false;
        }
        let mut set = vec![first as u32];
        set.extend_from_slice(&self.examination.blocking);
        if second.without(&set).0 == 0 {
            return false;
        }
        // Put the oldest back first: an event that happens after it and has to be absent is in the
        // list itself.
        for at in (1..set.len()).rev() {
            let blocker = set.remove(at);
            if second.without(&set).0 == 0 {
                set.insert(at, blocker);
            }
        }
        self.add(&set, second)
    }

    /// Adds the races in which the event at `first` and some of `blocking` come later: one for each
    /// minimal set of events whose absence enables `second`. A condition may hold without one set
    /// of events, fail without a larger set, and hold again without a still larger one; so all sets
    /// are tried, the small ones first.
    ///
    /// A set stands for its events and for the events that happen after any of them. So no event of
    /// a set happens before another.
    fn reverse_sets(&mut self, first: usize, second: Second<'_>) {
        let trail = second.trail;
        let is_ordered = |one: u32, other: u32| {
            trail.happens_before(one as usize, other as usize)
                || trail.happens_before(other as usize, one as usize)
        };
        // Whether `set` stands for every event that `smaller` stands for.
        let contains = |set: &[u32], smaller: &[u32]| {
            let is_in =
                |&event: &u32| set.iter().any(|&own| trail.happens_before(own as usize, event as usize));
            smaller.iter().all(is_in)
        };
        // Each set with the number of elements of `blocking` that have been considered for it.
        let mut sets = VecDeque::from([(vec![first as u32], 0)]);
        while let Some((set, from)) = sets.pop_front() {
            for next in from..self.examination.blocking.len() {
                let blocker = self.examination.blocking[next];
                if set.iter().any(|&other| is_ordered(other, blocker)) {
                    continue;
                }
                let mut larger = set.clone();
                larger.push(blocker);
                // An event that is atomic with an older event stands for it: the oldest need not be
                // the first that was met.
                let oldest = (0..larger.len()).min_by_key(|&at| larger[at]).expect("a set of two and more");
                larger.swap(0, oldest);
                if self.examination.enabling.iter().any(|smaller| contains(&larger, smaller)) {
                    continue;
                }
                if self.examination.removals == MAX_REMOVALS {
                    self.removals_exceeded_at =
                        self.removals_exceeded_at.or(Some(second.operation.pending.source));
                    return;
                }
                self.examination.removals += 1;
                if self.add(&larger, second) {
                    self.examination.enabling.push(larger);
                } else {
                    sets.push_back((larger, next + 1));
                }
            }
        }
    }

    /// Adds the races in which the events of `removed` come later than `second`, one for each
    /// alternative. False if `second` is disabled there.
    fn add(&mut self, removed: &[u32], second: Second<'_>) -> bool {
        let (alternatives, states) = second.without(removed);
        let pending = second.operation.pending;
        let from = self.removed.len() as u32;
        if alternatives > 0 {
            self.removed.extend_from_slice(removed);
        }
        for choice in 0..alternatives {
            let task: TaskId = second.event.task;
            let (reversed, _) = pending.outcome(task, &states, choice, alternatives);
            let first = &second.trail.events()[removed[0] as usize].footprint;
            if alternatives > 1 && removed.len() == 1 && !reversed.conflicts(first) {
                // Alternatives may touch different locations. This one commutes with the first
                // event, and is explored after it.
                continue;
            }
            let wide = reversed.is_wider_than(second.event).then_some(self.wide.len() as u32);
            self.wide.extend(wide.map(|_| *pending));
            let removed = (from, removed.len() as u32);
            self.races.push(Race { second: second.trail.len() as u32, reversed, removed, wide });
        }
        alternatives > 0
    }
}
