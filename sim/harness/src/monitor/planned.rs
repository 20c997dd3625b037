//! The monitor's input, which is known before the run.

use std::collections::BTreeMap;

use super::versions::{Content, Contents};
use crate::history::{Key, Specification, Value};

/// The contents at the start, and the contents that the threads write.
#[derive(Clone, Debug, Default)]
pub(crate) struct Planned {
    /// The versions of each key before the run, oldest first.
    pub(crate) at_start: BTreeMap<Key, Vec<Content>>,
    /// The arguments of each key's writes; `None` is a deletion.
    pub(crate) called: BTreeMap<Key, Contents>,
    /// The versions that operations make.
    pub(crate) specification: Specification,
    /// Whether the value of a failed write can reach the source of truth without a command in
    /// flight, because the cache has stored it and writes it for another operation. If not, a
    /// failed write has ended, and there are fewer states. The search assumes `false` until it
    /// observes such a write.
    pub(crate) failed_may_land: bool,
}

impl Planned {
    /// Whether a write makes this value of the key: a write of the key, or of a key from which it
    /// is derived.
    pub(super) fn is_written(&self, key: Key, value: Value) -> bool {
        let from = |own: Key| self.calls(own, Some(Value { key: own, ..value }));
        let mut derived = self.specification.derived.iter().filter(|(_, made)| made.contains(&key));
        value.key == key && (from(key) || derived.any(|(&own, _)| from(own)))
    }

    /// Whether a thread writes this content.
    pub(super) fn calls(&self, key: Key, content: Content) -> bool {
        self.called.get(&key).is_some_and(|called| called.contains(&content))
    }
}
