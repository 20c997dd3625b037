//! The contents that a read must not return.

use std::collections::BTreeSet;

use super::name::{OperationName, OperationNames};
use super::versions::{Content, Contents};

/// A completed read returned a content that is not written yet. If one of these operations writes
/// it, the read has returned that version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Early {
    pub(super) content: Content,
    pub(super) by: OperationNames,
}

/// The pending events that can raise a floor.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Promises {
    /// Contents that completed reads returned before they were written.
    pub(super) early: BTreeSet<Early>,
    /// Acknowledged operations with commands in flight.
    pub(super) acknowledged: OperationNames,
}

/// The pending reads and writes that a write resolves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Resolved {
    pub(super) early: bool,
    pub(super) acknowledged: bool,
}

/// The contents older than a version that was acknowledged, or returned, when the read was invoked.
///
/// "Older than a version" is the set of contents that equal an older version and no newer one. A
/// write is newer than all versions, so that its content leaves these sets. The sets need no
/// version numbers, and states do not differ in them: "no version" and "the first version" both
/// exclude nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Floor {
    /// A read that returns one of these is stale.
    pub(super) stale: Contents,
    /// A read that returns one of these is inverted, or goes backwards on its node.
    pub(super) inverted: Contents,
    /// A read that returns one of these is older than a notification that its node has applied.
    pub(super) delivered: Contents,
    pub(super) promises: Promises,
}

impl Floor {
    /// The operation has written `content`. `others` are all other contents of the key so far.
    pub(super) fn written(&mut self, by: Option<OperationName>, content: Content, others: &Contents) {
        self.stale.remove(&content);
        self.inverted.remove(&content);
        self.delivered.remove(&content);
        let resolved = self.promises.written(by, content);
        if resolved.acknowledged {
            self.stale.clone_from(others);
        }
        if resolved.early {
            self.inverted.clone_from(others);
        }
    }
}

impl Promises {
    pub(super) fn is_empty(&self) -> bool {
        self.early.is_empty() && self.acknowledged.is_empty()
    }

    /// The operation has written `content`.
    pub(super) fn written(&mut self, by: Option<OperationName>, content: Content) -> Resolved {
        let Some(by) = by else { return Resolved::default() };
        let before = self.early.len();
        self.early.retain(|early| early.content != content || !early.by.contains(&by));
        Resolved { early: self.early.len() < before, acknowledged: self.acknowledged.contains(&by) }
    }

    /// The operation can write nothing more.
    pub(super) fn ended(&mut self, name: OperationName) {
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
