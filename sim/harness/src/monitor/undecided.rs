//! A read that has answered, and whose judgement depends on what is written later.

use super::floor::Promises;
use super::name::{Name, Names};
use super::versions::{Broken, Content};

/// A read may have returned any version that looks like its answer and whose operation had begun when it ended: also one
/// that comes to be later. The newest of them counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Undecided {
    pub(super) returned: Content,
    /// There is a version that it may have returned.
    pub(super) is_there: bool,
    /// What it breaks, if no other comes to be.
    pub(super) broken: Broken,
    /// What may still raise its floor.
    pub(super) promises: Promises,
    /// Those who may still write what it returned.
    pub(super) writers: Names,
}

impl Undecided {
    /// What the read breaks, if that is certain.
    pub(super) fn decided(&self) -> Option<Broken> {
        let may_break = !self.promises.is_empty() && (self.is_there || !self.writers.is_empty());
        let may_mend = self.broken != Broken::default() && !self.writers.is_empty();
        (!may_break && !may_mend).then_some(self.broken)
    }

    /// The operation has written this.
    pub(super) fn written(&mut self, by: Option<Name>, content: Content) {
        let kept = self.promises.written(by, content);
        if content == self.returned && by.is_some_and(|by| self.writers.contains(&by)) {
            // The newest of all.
            self.is_there = true;
            self.broken = Broken::default();
        } else if self.is_there {
            self.broken.stale |= kept.acknowledged;
            self.broken.inverted |= kept.early;
        }
    }

    /// The operation writes nothing any more.
    pub(super) fn over(&mut self, name: Name) {
        self.writers.remove(&name);
        self.promises.over(name);
    }
}
