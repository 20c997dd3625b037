//! What is known of a case before it is run.

use std::collections::BTreeMap;

use super::versions::{Content, Contents};
use crate::history::{Key, Specification, Value};

/// What there is at the start, and what the threads are going to write.
#[derive(Clone, Debug, Default)]
pub(crate) struct Planned {
    /// The versions that each key has been through, oldest first.
    pub(crate) at_start: BTreeMap<Key, Vec<Content>>,
    /// What the writes of each key are called with; `None` is a deletion.
    pub(crate) called: BTreeMap<Key, Contents>,
    /// Which versions operations make.
    pub(crate) specification: Specification,
    /// Whether the value of a write that has failed can come to the source of truth when the write has no command on its way any
    /// more: because the cache has kept it, and writes it for another operation. If not, such a write is over, and fewer states
    /// differ. This is taken for granted until it happens.
    pub(crate) failed_may_land: bool,
}

impl Planned {
    /// Whether a write makes this value of the key: of the key itself, or of what is derived from it.
    pub(super) fn is_written(&self, key: Key, value: Value) -> bool {
        let from = |own: Key| self.calls(own, Some(Value { key: own, ..value }));
        let mut derived = self.specification.derived.iter().filter(|(_, made)| made.contains(&key));
        value.key == key && (from(key) || derived.any(|(&own, _)| from(own)))
    }

    /// Whether somebody is going to write this.
    pub(super) fn calls(&self, key: Key, content: Content) -> bool {
        self.called.get(&key).is_some_and(|called| called.contains(&content))
    }
}
