//! Deadlines: each can pass at any point after it was set, whatever the clock shows.
//!
//! A program can be suspended for any time between two of its steps, so no key is certain to
//! outlive the time between two commands. The first step that sets a key's deadline spawns a task
//! whose step removes the key. That step writes this key alone. It does not read the clock, and the
//! clock does not advance to the deadline.
//!
//! Two deadlines are ordered if one was set before the other in happens-before and is no later:
//! then it passes first. The task of the later deadline therefore first removes the earlier key, in
//! a separate step, unless that key's deadline was set again.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use selvedge_engine::{causal_clock, choose, next_event, thread};

use super::seen::Seen;
use super::touch::Part;
use super::world::Explored;
use crate::face::shared::Shared;

/// A database index and a key in it.
type DatabaseKey = (usize, Bytes);

/// The deadlines of a run.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// All deadlines that were set, by key, in the order of setting.
    given: BTreeMap<DatabaseKey, Vec<Given>>,
    /// Keys with a task whose step has not yet executed, and the deadline for which it was spawned.
    pending: BTreeMap<DatabaseKey, i64>,
    /// Whether new deadlines are held: they pass only on request.
    are_held: bool,
    /// Whether new deadlines can be late: see [`Redis::let_deadlines_be_late`](crate::Redis).
    may_be_late: bool,
    /// The late deadlines, by key and time. Tasks insert into it outside their steps, so it is read
    /// only after these tasks have ended.
    late: BTreeMap<(DatabaseKey, i64), Due>,
}

/// A deadline that was set.
#[derive(Clone, Copy, Debug)]
struct Given {
    /// The event that set it: the task, and the event's index in the task.
    by: (u32, u32),
    /// The deadline's number in the database.
    number: u64,
    /// In milliseconds since the Unix epoch.
    deadline: i64,
}

/// The deadlines that have passed when a key's deadline has passed.
#[derive(Debug)]
struct Due {
    target: DatabaseKey,
    deadline: i64,
    /// Keys whose deadline is certain to have passed before, with the deadline's number.
    before: Vec<(DatabaseKey, u64)>,
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

    /// Spawns a task for each deadline that the calling task's last step set.
    pub(super) fn spawn_expiry(&self, shared: &Arc<Shared>) {
        // Outside an exploration there are no steps, and no tasks to spawn.
        if selvedge_engine::step() == 0 {
            return;
        }
        let due = self.newly_given(shared);
        let may_be_late = self.deadlines.lock().unwrap_or_else(PoisonError::into_inner).may_be_late;
        due.into_iter().for_each(|due| spawn(shared, due, may_be_late));
    }

    /// Chooses whether the deadline is late.
    fn is_late(&self, shared: &Shared, target: &DatabaseKey) -> bool {
        let is_late = choose(2) == 1;
        if self.is_watched() {
            let (state, (database, key)) = (shared.lock(), target);
            self.report(Seen::Due { database: *database, key, is_late, server: &state.server });
        }
        is_late
    }

    /// The keys that need a new task after the last step.
    fn newly_given(&self, shared: &Shared) -> Vec<Due> {
        let state = shared.lock();
        let mut deadlines = self.deadlines.lock().unwrap_or_else(PoisonError::into_inner);
        let Deadlines { given, pending, are_held, .. } = &mut *deadlines;
        let mut new = Vec::new();
        for (database, data) in state.server.databases.iter().enumerate() {
            for (key, deadline, number) in data.given_deadlines() {
                let target = (database, key.clone());
                let its = given.entry(target.clone()).or_default();
                if its.last().is_some_and(|last| last.number == number) {
                    continue;
                }
                let (task, next) = next_event();
                its.push(Given { by: (task, next - 1), number, deadline });
                // A task that waits for an earlier deadline suffices: this deadline may also have
                // passed by then.
                let has_task = pending.get(&target).is_some_and(|&earlier| earlier <= deadline);
                if !has_task && !*are_held {
                    new.push((target, deadline));
                }
            }
        }
        let due = |(target, deadline): &(DatabaseKey, i64)| Due {
            before: causal_clock(|clock| passed_before(given, target, *deadline, clock)),
            target: target.clone(),
            deadline: *deadline,
        };
        let due = new.iter().map(due).collect();
        pending.extend(new);
        due
    }

    /// Removes the key, if its deadline has this `number` (`None`: any). A step.
    #[track_caller]
    pub(super) fn pass(&self, shared: &Arc<Shared>, target: &DatabaseKey, number: Option<u64>) {
        let (database, key) = target;
        // If a connection receives a push about it, the step touches more than the key: see
        // `touch.rs`.
        let mut is_wide = self.has_causal_receivers();
        let (is_removed, pushes) = loop {
            let pass = || {
                let mut state = shared.lock();
                if !is_wide && (self.has_receivers() || state.server.sends_pushes()) {
                    return None;
                }
                if number.is_none() {
                    let mut deadlines = self.deadlines.lock().unwrap_or_else(PoisonError::into_inner);
                    deadlines.pending.remove(target);
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
            self.report(Seen::Expired { database: *database, key, is_removed, server: &state.server });
        }
        self.dispatch(shared, pushes);
    }
}

/// Spawns a task whose step lets the deadline pass.
fn spawn(shared: &Arc<Shared>, due: Due, may_be_late: bool) {
    let shared = Arc::clone(shared);
    let pass = move || {
        let Some(explored) = &shared.explored else { return };
        if may_be_late && explored.is_late(&shared, &due.target) {
            let mut deadlines = explored.deadlines.lock().unwrap_or_else(PoisonError::into_inner);
            deadlines.late.insert((due.target.clone(), due.deadline), due);
            return;
        }
        for (target, number) in &due.before {
            explored.pass(&shared, target, Some(*number));
        }
        explored.pass(&shared, &due.target, None);
    };
    thread::Builder::new()
        .name("expiry".to_owned())
        .spawn(pass)
        .expect("the engine spawns the task, or panics");
}

/// The deadlines that are certain to have passed when the deadline of `target` has: those that were
/// set before it in the task with this `clock`, and are no later. Contains the latest such deadline
/// of each key.
fn passed_before(
    given: &BTreeMap<DatabaseKey, Vec<Given>>,
    target: &DatabaseKey,
    deadline: i64,
    clock: &[u32],
) -> Vec<(DatabaseKey, u64)> {
    let is_known = |its: &&Given| clock.get(its.by.0 as usize).is_some_and(|&known| known >= its.by.1);
    let others = given.iter().filter(|(other, _)| *other != target);
    let known = others.filter_map(|(other, all)| Some((other, all.iter().rfind(is_known)?)));
    known
        .filter(|(_, its)| its.deadline <= deadline)
        .map(|(other, its)| (other.clone(), its.number))
        .collect()
}
