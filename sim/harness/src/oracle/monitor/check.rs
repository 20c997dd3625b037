//! A read that has answered, and whose judgement may depend on what is written later.

use std::collections::BTreeSet;

use super::automaton::OperationName;
use super::versions::{Bounds, Place, Versions};
use crate::history::{Key, Value};
use crate::oracle::Rule;

/// The read may have returned any version that looks like its answer, and whose operation had begun when it ended: also
/// one that comes to be later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Check {
    key: Key,
    returned: Option<Value>,
    /// The newest version that it may have returned, so far.
    newest: Option<Place>,
    /// What it is held to.
    bounds: Bounds,
    /// Those who may still write what it returned.
    writers: BTreeSet<OperationName>,
}

impl Check {
    /// The read has just answered. `writers` had begun by then, and may still write what it returned.
    pub(super) fn new(
        key: Key,
        returned: Option<Value>,
        bounds: Bounds,
        versions: &Versions,
        writers: BTreeSet<OperationName>,
    ) -> Self {
        Check { key, returned, newest: versions.newest(returned), bounds, writers }
    }

    /// Whether nothing that is written later can change the judgement: a bound can no longer rise, and what the read may
    /// have returned can rise only where that mends nothing.
    pub(super) fn is_decided(&self) -> bool {
        self.bounds.awaited.is_empty() && (self.writers.is_empty() || self.found().next().is_none())
    }

    /// A version has come to be.
    pub(super) fn written(&mut self, key: Key, content: Option<Value>, by: OperationName, place: Place) {
        if key == self.key {
            if content == self.returned && self.writers.contains(&by) {
                self.newest = Some(place);
            }
            self.bounds.written(content, by, place);
        }
    }

    /// What the read breaks, if nothing more is written.
    pub(super) fn found(&self) -> impl Iterator<Item = Rule> {
        let is_older = |bound: Option<Place>| self.newest.is_some_and(|newest| Some(newest) < bound);
        let stale = is_older(self.bounds.acknowledged).then_some(Rule::Stale);
        let inverted = is_older(self.bounds.returned).then_some(Rule::Inverted);
        stale.into_iter().chain(inverted)
    }
}
