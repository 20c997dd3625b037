//! What a read must not return, if it is to break no rule.

use std::collections::BTreeSet;

use super::name::{Name, Names};
use super::versions::{Content, Contents};

/// A finished read returned what was still to be written. If one of these writes it, that is what the read has returned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Early {
    pub(super) content: Content,
    pub(super) by: Names,
}

/// What is yet to become of a floor.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Promises {
    /// What finished reads returned before it was there.
    pub(super) early: BTreeSet<Early>,
    /// Operations that were acknowledged, and have commands on their way.
    pub(super) acknowledged: Names,
}

/// What came to have a place when something was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) early: bool,
    pub(super) acknowledged: bool,
}

/// How new a read must be, at the least: what is older than a version that had been acknowledged, or returned, when it was
/// invoked.
///
/// "Older than a version" is the set of what looks like an older version, and like no newer one. What is written is newer than
/// everything, and leaves all these sets. So no place of a version is counted, and versions that none can tell apart are not
/// told apart: "no version" and "the first one" exclude nothing, either of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Floor {
    /// To return one of these is stale.
    pub(super) stale: Contents,
    /// To return one of these is inverted.
    pub(super) inverted: Contents,
    pub(super) promises: Promises,
}

impl Floor {
    /// The operation has written this, and these are all others that there have been.
    pub(super) fn written(&mut self, by: Option<Name>, content: Content, others: &Contents) {
        self.stale.remove(&content);
        self.inverted.remove(&content);
        let kept = self.promises.written(by, content);
        if kept.acknowledged {
            self.stale.clone_from(others);
        }
        if kept.early {
            self.inverted.clone_from(others);
        }
    }
}

impl Promises {
    pub(super) fn is_empty(&self) -> bool {
        self.early.is_empty() && self.acknowledged.is_empty()
    }

    /// The operation has written this.
    pub(super) fn written(&mut self, by: Option<Name>, content: Content) -> Kept {
        let Some(by) = by else { return Kept::default() };
        let before = self.early.len();
        self.early.retain(|early| early.content != content || !early.by.contains(&by));
        Kept { early: self.early.len() < before, acknowledged: self.acknowledged.contains(&by) }
    }

    /// The operation writes nothing any more.
    pub(super) fn over(&mut self, name: Name) {
        self.acknowledged.remove(&name);
        if self.early.iter().any(|early| early.by.contains(&name)) {
            let without = std::mem::take(&mut self.early).into_iter().map(|mut early| {
                early.by.remove(&name);
                early
            });
            self.early = without.filter(|early| !early.by.is_empty()).collect();
        }
    }
}
