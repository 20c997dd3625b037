//! The monitor's input, which is known before the run.

use std::collections::{BTreeMap, BTreeSet};

use super::versions::{Content, Contents};
use crate::history::{Key, Specification, Value};

/// The contents at the start, and the contents that the threads write.
#[derive(Clone, Debug, Default)]
pub(crate) struct Planned {
    /// The versions of each key before the run, oldest first.
    pub(crate) at_start: BTreeMap<Key, Vec<Content>>,
    /// The arguments of each key's writes; `None` is a deletion.
    pub(crate) called: BTreeMap<Key, Contents>,
    /// The values of each key's compare-and-sets. A refused one is never written, so that a read of
    /// its value is not explained by the call.
    pub(crate) compared: BTreeMap<Key, Contents>,
    /// The keys that updates write.
    pub(crate) updated: BTreeSet<Key>,
    /// The versions that operations make.
    pub(crate) specification: Specification,
    /// Whether the value of a failed write can reach the source of truth without a command in
    /// flight, because the cache has stored it and writes it for another operation. If not, a
    /// failed write has ended, and there are fewer states. The search assumes `false` until it
    /// observes such a write.
    pub(crate) failed_may_land: bool,
    /// See [`History::is_by_node`](crate::history::History::is_by_node).
    pub(crate) by_node: bool,
}

impl Planned {
    /// Whether a write makes this value of the key: a write of the key, or of a key from which it
    /// is derived.
    pub(super) fn is_written(&self, key: Key, value: Value) -> bool {
        let compares =
            |key: Key, content: Content| self.compared.get(&key).is_some_and(|its| its.contains(&content));
        let from = |own: Key| {
            let content = Some(Value { key: own, ..value });
            self.calls(own, content) || compares(own, content)
        };
        let mut derived = self.specification.derived.iter().filter(|(_, made)| made.contains(&key));
        value.key == key && (from(key) || derived.any(|(&own, _)| from(own)))
    }

    /// Whether a thread writes this content, other than by a compare-and-set.
    pub(super) fn calls(&self, key: Key, content: Content) -> bool {
        self.called.get(&key).is_some_and(|called| called.contains(&content))
    }
}
