//! The part of the monitor that enters a state's fingerprint.
//!
//! Omitted, because no later judgement depends on it:
//!
//! - The version of a floor: only the excluded contents matter.
//! - The contents before a content's first version that the floor excludes already. They matter
//!   only when a read returns that content, because the key's floor then excludes them. The same
//!   applies to the contents before a version of a write that is not acknowledged.
//! - The number of a task's calls, the number of their commands in flight, and whether they have
//!   begun or returned. The states of the task, and of the tasks that carry the commands, contain
//!   these.
//!
//! Nothing is hashed in the order of tasks or values, which may be renamed: see [`Monitor::hash`].
//!
//! [`Monitor::hash`]: selvedge_engine::Monitor::hash

use std::hash::{Hash, Hasher};

use selvedge_engine::hash_unordered;

use super::floor::{Early, Floor, Promises};
use super::name::OperationName;
use super::state::State;
use super::undecided::Undecided;
use super::versions::{Contents, Versions};

impl State {
    /// Hashes the findings of this step, and the state on which later judgements depend that is not
    /// of one task.
    pub(super) fn hash(&self, mut to: &mut dyn Hasher) {
        self.found.hash(&mut to);
        if !self.overwritten.is_empty() {
            hash_unordered(&self.overwritten, to);
        }
        for (key, versions) in &self.keys {
            key.hash(&mut to);
            versions.hash(self.is_by_node(), to);
        }
        // Before the first call, no task has a digest of its own.
        if self.has_begun() {
            return;
        }
        for (name, fault) in &self.pending_faults {
            (name.task, name.call, fault).hash(&mut to);
        }
    }

    /// Hashes the state of this task on which later judgements depend.
    pub(super) fn hash_task(&self, task: u32, mut to: &mut dyn Hasher) {
        let calls = OperationName { task, call: 0 }..=OperationName { task, call: u32::MAX };
        for (_, its) in self.operations.range(calls.clone()).filter(|(_, its)| its.is_in_progress()) {
            its.floor.hash(to);
            if let Some(base) = its.base {
                base.hash(&mut to);
            }
            for (key, older) in &its.older {
                key.hash(&mut to);
                if let Some(versions) = self.keys.get(key) {
                    let stale = versions.floors.get(&its.node).map(|floor| &floor.stale);
                    hash_unordered(older.difference(stale.unwrap_or(&NOTHING)), to);
                }
            }
        }
        for (name, its) in
            self.operations.range(calls).filter(|(_, its)| its.has_failed || !its.made.is_empty())
        {
            (name.call, its.has_failed, &its.made).hash(&mut to);
            // A failed update may still write.
            if let Some(base) = its.base.filter(|_| its.has_failed) {
                base.hash(&mut to);
            }
        }
        self.hash_pending_effects(task, to);
    }

    /// Hashes the pending faults of this task's calls.
    pub(super) fn hash_pending_effects(&self, task: u32, mut to: &mut dyn Hasher) {
        let none = (OperationName { task, call: 0 }, (0, 0));
        for (name, fault) in self.pending_faults.range(none..).take_while(|(name, _)| name.task == task) {
            (name.call, fault).hash(&mut to);
        }
    }
}

impl Versions {
    fn hash(&self, by_node: bool, mut to: &mut dyn Hasher) {
        let what_was_before = self.before.iter();
        // A content that one node's floor excludes may be returned on another.
        let only = if by_node { None } else { self.floors.get(&0) };
        let excluded = only.map_or(&NOTHING, |floor| &floor.inverted);
        let rest = |(content, before)| (content, Rest(before, excluded));
        hash_unordered(what_was_before.map(rest), to);
        self.last.hash(&mut to);
        if let Some(expired) = self.expired {
            expired.hash(&mut to);
        }
        for (node, floor) in self.floors.iter().filter(|(_, floor)| **floor != Floor::default()) {
            node.hash(&mut to);
            floor.hash(to);
        }
        hash_unordered(&self.undecided, to);
        hash_unordered(&self.unexplained, to);
        self.writes.hash(to);
        if !self.possible.is_empty() {
            hash_unordered(&self.possible, to);
        }
    }
}

static NOTHING: Contents = Contents::new();

/// The difference of two sets.
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
        if !self.delivered.is_empty() {
            hash_unordered(&self.delivered, to);
        }
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
