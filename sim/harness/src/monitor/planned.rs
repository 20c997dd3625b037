//! What is known of a case before it is run.

use std::collections::BTreeMap;

use super::versions::{Content, Contents};
use crate::history::{Call, Key};

/// What there is at the start, and what the threads are going to write.
#[derive(Clone, Debug, Default)]
pub(crate) struct Planned {
    /// The versions that each key has been through, oldest first.
    pub(crate) at_start: BTreeMap<Key, Vec<Content>>,
    /// What the writes of each key are called with; `None` is a deletion.
    pub(crate) called: BTreeMap<Key, Contents>,
    /// Keys whose values are made from another key's, by that key.
    pub(crate) derived: BTreeMap<Key, Vec<Key>>,
    /// Whether any operation may write anything. If not, only writes do: of their key what they were called with, and what is
    /// derived from it. Then fewer operations can have written what a read has returned, so that fewer states differ. This is
    /// taken for granted until an operation does otherwise.
    pub(crate) any_may_write: bool,
}

impl Planned {
    /// Whether somebody is going to write this.
    pub(super) fn calls(&self, key: Key, content: Content) -> bool {
        self.called.get(&key).is_some_and(|called| called.contains(&content))
    }

    /// Whether an operation that is called like this may write that.
    pub(super) fn may_write(&self, (own, call): (Key, Call), key: Key, content: Content) -> bool {
        let as_called = || match call {
            Call::Set(value) | Call::Load(value) => content == Some(value),
            Call::Delete => content.is_none(),
            Call::Get | Call::Evict | Call::Forget => false,
        };
        let made = || self.derived.get(&own).is_some_and(|made| made.contains(&key));
        self.any_may_write || if own == key { as_called() } else { call.is_write() && made() }
    }
}
