//! Names of operations.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

/// An operation's name, which is the same in every schedule: its task, and its index among the
/// task's calls, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OperationName {
    pub(crate) task: u32,
    pub(crate) call: u32,
}

impl Hash for OperationName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        selvedge_engine::Name(self.task).hash(state);
        state.write_u32(self.call);
    }
}

/// Operations, by their names.
pub(super) type OperationNames = BTreeSet<OperationName>;
