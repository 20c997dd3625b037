//! A completed read whose judgement depends on later writes.

use super::floor::Promises;
use super::name::{OperationName, OperationNames};
use super::versions::{Broken, Content};

/// A read may have returned any version that equals its result and whose operation had begun when
/// it ended, including one that is written later. The newest of them counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Undecided {
    pub(super) returned: Content,
    /// There is a version that it may have returned.
    pub(super) is_there: bool,
    /// The rules that it violates, if there is no later such version.
    pub(super) broken: Broken,
    /// The pending events that can raise its floor.
    pub(super) promises: Promises,
    /// The operations that may still write its result.
    pub(super) writers: OperationNames,
}

impl Undecided {
    /// The rules that the read violates, if that is certain.
    pub(super) fn decided(&self) -> Option<Broken> {
        let may_break = !self.promises.is_empty() && (self.is_there || !self.writers.is_empty());
        let may_mend = self.broken != Broken::default() && !self.writers.is_empty();
        (!may_break && !may_mend).then_some(self.broken)
    }

    /// The operation has written `content`.
    pub(super) fn written(&mut self, by: Option<OperationName>, content: Content) {
        let resolved = self.promises.written(by, content);
        if content == self.returned && by.is_some_and(|by| self.writers.contains(&by)) {
            // The newest version.
            self.is_there = true;
            self.broken = Broken::default();
        } else if self.is_there {
            self.broken.stale |= resolved.acknowledged;
            self.broken.inverted |= resolved.early;
        }
    }

    /// The operation can write nothing more.
    pub(super) fn ended(&mut self, name: OperationName) {
        self.writers.remove(&name);
        self.promises.ended(name);
    }
}
