//! Deadlines pass: each at any point after it was given, whatever the clock shows.
//!
//! A program may be stopped for any time between two of its steps, so that no two commands are so close that a key is
//! certain to be there still. The first step that gives a key a deadline spawns a task for it, whose step removes the
//! key. That step is a write of the key, and of no other. It does not read the clock, and the clock does not show it.
//!
//! What is certain is the order of two deadlines if one was given before the other, in happens-before, and is no later:
//! it has passed when the other does. So the task of the later one removes that key first, in a step of its own, unless
//! its deadline has been given anew.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use selvedge_engine::{causal_clock, choose, next_event, thread};

use super::seen::Seen;
use super::touch::Part;
use super::world::Explored;
use crate::face::shared::Shared;

/// A database and a key of it.
type Place = (usize, Bytes);

/// The deadlines of a run.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// All that were given, by their keys, in their order.
    given: BTreeMap<Place, Vec<Given>>,
    /// Keys that have a task which has not let their deadline pass yet, with the deadline that it was spawned for.
    pending: BTreeMap<Place, i64>,
    /// Whether those that are given now wait to be let pass.
    are_held: bool,
    /// Whether each of those that are given now may be late: see [`Redis::let_deadlines_be_late`](crate::Redis).
    may_be_late: bool,
    /// Those that are late, by their keys and when they pass. Tasks add to it without a step: to be looked at when they have
    /// ended.
    late: BTreeMap<(Place, i64), Due>,
}

/// A deadline that a key was given.
#[derive(Clone, Copy, Debug)]
struct Given {
    /// The event that has given it: its task, and which of the task's events.
    by: (u32, u32),
    /// Its number in the database.
    number: u64,
    /// In milliseconds since the Unix epoch.
    deadline: i64,
}

/// What has passed when a key's deadline has.
#[derive(Debug)]
struct Due {
    place: Place,
    deadline: i64,
    /// Keys whose deadline is certain to have passed before, and the deadline's number.
    before: Vec<(Place, u64)>,
}

impl Explored {
    pub(super) fn hold_deadlines(&self, are_held: bool) {
        self.deadlines.lock().unwrap_or_else(PoisonError::into_inner).are_held = are_held;
    }

    pub(super) fn let_deadlines_be_late(&self) {
        self.deadlines.lock().unwrap_or_else(PoisonError::into_inner).may_be_late = true;
    }

    pub(super) fn pass_late_deadlines(&self, shared: &Arc<Shared>) {
        let late = std::mem::take(&mut self.deadlines.lock().unwrap_or_else(PoisonError::into_inner).late);
        for due in late.into_values() {
            spawn(shared, due, false);
        }
    }

    /// The calling task's last step may have given keys a deadline: each of them passes at some later point.
    pub(super) fn spawn_expiry(&self, shared: &Arc<Shared>) {
        // Outside an exploration there is no step, and no task to spawn.
        if selvedge_engine::step() == 0 {
            return;
        }
        let due = self.newly_given(shared);
        let may_be_late = self.deadlines.lock().unwrap_or_else(PoisonError::into_inner).may_be_late;
        due.into_iter().for_each(|due| spawn(shared, due, may_be_late));
    }

    /// Whether the deadline is late, which is a choice.
    fn is_late(&self, shared: &Shared, place: &Place) -> bool {
        let is_late = choose(2) == 1;
        if self.is_watched() {
            let (state, (database, key)) = (shared.lock(), place);
            self.tell(Seen::Due { database: *database, key, is_late, server: &state.server });
        }
        is_late
    }

    /// The keys that need a task, because of the last step.
    fn newly_given(&self, shared: &Shared) -> Vec<Due> {
        let state = shared.lock();
        let mut deadlines = self.deadlines.lock().unwrap_or_else(PoisonError::into_inner);
        let Deadlines { given, pending, are_held, .. } = &mut *deadlines;
        let mut new = Vec::new();
        for (database, data) in state.server.databases.iter().enumerate() {
            for (key, deadline, number) in data.given_deadlines() {
                let place = (database, key.clone());
                let its = given.entry(place.clone()).or_default();
                if its.last().is_some_and(|last| last.number == number) {
                    continue;
                }
                let (task, next) = next_event();
                its.push(Given { by: (task, next - 1), number, deadline });
                // A task that waits for an earlier deadline will do: this one may have passed by then.
                let has_task = pending.get(&place).is_some_and(|&earlier| earlier <= deadline);
                if !has_task && !*are_held {
                    new.push((place, deadline));
                }
            }
        }
        let due = |(place, deadline): &(Place, i64)| Due {
            before: causal_clock(|clock| passed_before(given, place, *deadline, clock)),
            place: place.clone(),
            deadline: *deadline,
        };
        let due = new.iter().map(due).collect();
        pending.extend(new);
        due
    }

    /// The key's deadline passes, or that of this number alone: the key is removed. A step.
    #[track_caller]
    pub(super) fn pass(&self, shared: &Arc<Shared>, place: &Place, number: Option<u64>) {
        let (database, key) = place;
        // Whoever is told of it makes it more than a step on a key: see `touch.rs`.
        let mut is_wide = self.knows_that_it_tells();
        let (is_removed, pushes) = loop {
            let pass = || {
                let mut state = shared.lock();
                if !is_wide && (self.may_tell() || state.server.tells_anybody()) {
                    return None;
                }
                if number.is_none() {
                    let mut deadlines = self.deadlines.lock().unwrap_or_else(PoisonError::into_inner);
                    deadlines.pending.remove(place);
                }
                let its = state.server.databases[*database].given(key);
                let is_removed = its.is_some() && number.is_none_or(|number| its == Some(number));
                if is_removed {
                    let output = state.server.pass_deadline(*database, key);
                    state.deliver_all(output, None);
                }
                Some((is_removed, std::mem::take(&mut state.pushes)))
            };
            let passed = match is_wide {
                true => self.server.write_all(|()| pass()),
                false => self.server.write(Part::Key(*database, key.clone()), |()| pass()),
            };
            match passed {
                Some(passed) => break passed,
                None => is_wide = true,
            }
        };
        if self.is_watched() {
            let state = shared.lock();
            self.tell(Seen::Expired { database: *database, key, is_removed, server: &state.server });
        }
        self.dispatch(shared, pushes);
    }
}

/// Spawns a task in which the deadline passes.
fn spawn(shared: &Arc<Shared>, due: Due, may_be_late: bool) {
    let shared = Arc::clone(shared);
    let pass = move || {
        let Some(explored) = &shared.explored else { return };
        if may_be_late && explored.is_late(&shared, &due.place) {
            let mut deadlines = explored.deadlines.lock().unwrap_or_else(PoisonError::into_inner);
            deadlines.late.insert((due.place.clone(), due.deadline), due);
            return;
        }
        for (place, number) in &due.before {
            explored.pass(&shared, place, Some(*number));
        }
        explored.pass(&shared, &due.place, None);
    };
    thread::Builder::new()
        .name("expiry".to_owned())
        .spawn(pass)
        .expect("the engine spawns, or panics itself");
}

/// The deadlines that are certain to have passed when that of `place` has: those that were given before, as the task of
/// this `clock` knows, and are no later. The latest of each key that it knows of.
fn passed_before(
    given: &BTreeMap<Place, Vec<Given>>,
    place: &Place,
    deadline: i64,
    clock: &[u32],
) -> Vec<(Place, u64)> {
    let is_known = |its: &&Given| clock.get(its.by.0 as usize).is_some_and(|&known| known >= its.by.1);
    let others = given.iter().filter(|(other, _)| *other != place);
    let known = others.filter_map(|(other, all)| Some((other, all.iter().rfind(is_known)?)));
    known
        .filter(|(_, its)| its.deadline <= deadline)
        .map(|(other, its)| (other.clone(), its.number))
        .collect()
}
