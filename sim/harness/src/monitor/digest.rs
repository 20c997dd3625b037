//! What of all this can still matter, as a search of states is to see it.
//!
//! What is left out, and why no later judgement can tell:
//!
//! - What a floor excludes is all that there is to it. Which version it is at is not kept.
//! - What was there before a content's first version matters when a read returns that content: the floor of the key then
//!   excludes it. So what it excludes already is left out, and the order of what is too old to raise it is forgotten. The same
//!   of what a write that is not acknowledged has made.
//! - How many operations a task has called, how many commands they have on their way, and whether they have begun or answered,
//!   are in the state of the task and of those that carry the commands.
//!
//! Nothing is fed in by the order of tasks or values, which may have other names: see [`Monitor::hash`].
//!
//! [`Monitor::hash`]: selvedge_engine::Monitor::hash

use std::hash::{Hash, Hasher};

use selvedge_engine::hash_unordered;

use super::floor::{Early, Floor, Promises};
use super::name::Name;
use super::state::State;
use super::undecided::Undecided;
use super::versions::{Contents, Versions};

impl State {
    /// Feeds in what was found in this step, and all that later judgements depend on that concerns no task alone.
    pub(super) fn hash(&self, mut to: &mut dyn Hasher) {
        self.found.hash(&mut to);
        for (key, versions) in &self.keys {
            key.hash(&mut to);
            versions.hash(to);
        }
        // There are no tasks yet that this could be said of.
        if self.has_begun() {
            return;
        }
        for (name, mishap) in &self.mishaps {
            (name.task, name.call, mishap).hash(&mut to);
        }
    }

    /// Feeds in the same of what concerns this task alone.
    pub(super) fn hash_task(&self, task: u32, mut to: &mut dyn Hasher) {
        let calls = Name { task, call: 0 }..=Name { task, call: u32::MAX };
        for (_, its) in self.operations.range(calls.clone()).filter(|(_, its)| its.is_under_way()) {
            its.floor.hash(to);
            for (key, older) in &its.older {
                key.hash(&mut to);
                if let Some(versions) = self.keys.get(key) {
                    hash_unordered(older.difference(&versions.floor.stale), to);
                }
            }
        }
        for (name, its) in
            self.operations.range(calls).filter(|(_, its)| its.has_failed || !its.made.is_empty())
        {
            (name.call, its.has_failed, &its.made).hash(&mut to);
        }
        self.hash_pending_effects(task, to);
    }

    /// Feeds in what is still to go wrong with what this task calls.
    pub(super) fn hash_pending_effects(&self, task: u32, mut to: &mut dyn Hasher) {
        let none = (Name { task, call: 0 }, (0, 0));
        for (name, mishap) in self.mishaps.range(none..).take_while(|(name, _)| name.task == task) {
            (name.call, mishap).hash(&mut to);
        }
    }
}

impl Versions {
    fn hash(&self, mut to: &mut dyn Hasher) {
        let what_was_before = self.before.iter();
        let rest = |(content, before)| (content, Rest(before, &self.floor.inverted));
        hash_unordered(what_was_before.map(rest), to);
        self.last.hash(&mut to);
        if let Some(expired) = self.expired {
            expired.hash(&mut to);
        }
        self.floor.hash(to);
        hash_unordered(&self.undecided, to);
        hash_unordered(&self.unexplained, to);
    }
}

/// What the one has and the other has not.
struct Rest<'a>(&'a Contents, &'a Contents);

impl Hash for Rest<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_unordered(self.0.difference(self.1), state);
    }
}

impl Floor {
    fn hash(&self, mut to: &mut dyn Hasher) {
        hash_unordered(&self.stale, to);
        hash_unordered(&self.inverted, to);
        self.promises.hash(&mut to);
    }
}

impl Hash for Promises {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_unordered(&self.early, state);
        hash_unordered(&self.acknowledged, state);
    }
}

impl Hash for Early {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.content.hash(state);
        hash_unordered(&self.by, state);
    }
}

impl Hash for Undecided {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.returned, self.is_there, self.broken, &self.promises).hash(state);
        hash_unordered(&self.writers, state);
    }
}
