//! What a monitor knows of one key.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use super::automaton::OperationName;
use crate::history::Value;

/// A version's place among its key's, oldest first.
pub(super) type Place = usize;

/// A content that a read returned before the truth had it. It has a place once an operation that was under way at the
/// time writes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Awaited {
    pub(super) content: Option<Value>,
    pub(super) from: BTreeSet<OperationName>,
}

impl Awaited {
    pub(super) fn is(&self, content: Option<Value>, by: OperationName) -> bool {
        self.content == content && self.from.contains(&by)
    }
}

/// What a read can be held to: it may not return what is older.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Bounds {
    /// The newest version whose write was acknowledged.
    pub(super) acknowledged: Option<Place>,
    /// The newest version that a read returned; of several that look alike, it is taken for the oldest.
    pub(super) returned: Option<Place>,
    /// What reads returned that has no place yet.
    pub(super) awaited: BTreeSet<Awaited>,
}

impl Bounds {
    /// A version has come to be.
    pub(super) fn written(&mut self, content: Option<Value>, by: OperationName, place: Place) {
        let before = self.awaited.len();
        self.awaited.retain(|awaited| !awaited.is(content, by));
        if self.awaited.len() < before {
            self.returned = Some(place);
        }
    }
}

/// A key's versions, and what the reads that begin now are held to.
#[derive(Clone, Debug, Default)]
pub(super) struct Versions {
    /// Oldest first, with the operation that made each, while that has not ended.
    versions: Vec<(Option<Value>, Option<OperationName>)>,
    pub(super) bounds: Bounds,
    /// Whether somebody has begun to write it.
    pub(super) is_written: bool,
}

impl Versions {
    /// What there was at the start.
    pub(super) fn start_with(&mut self, content: Option<Value>) {
        self.versions.push((content, None));
    }

    /// A new version; returns its place.
    pub(super) fn push(&mut self, content: Option<Value>, by: OperationName) -> Place {
        let place = self.versions.len();
        self.versions.push((content, Some(by)));
        self.is_written = true;
        self.bounds.written(content, by, place);
        place
    }

    /// The operation has ended. If it was acknowledged, so were the versions that it made.
    pub(super) fn end(&mut self, operation: OperationName, acknowledged: bool) {
        for (place, (_, by)) in self.versions.iter_mut().enumerate() {
            if *by == Some(operation) {
                *by = None;
                if acknowledged {
                    self.bounds.acknowledged = self.bounds.acknowledged.max(Some(place));
                }
            }
        }
    }

    /// The oldest version with this content.
    pub(super) fn oldest(&self, content: Option<Value>) -> Option<Place> {
        self.versions.iter().position(|(its, _)| *its == content)
    }

    /// The newest version with this content.
    pub(super) fn newest(&self, content: Option<Value>) -> Option<Place> {
        self.versions.iter().rposition(|(its, _)| *its == content)
    }

    /// What the truth holds.
    pub(super) fn last(&self) -> Option<Option<Value>> {
        self.versions.last().map(|(content, _)| *content)
    }
}

/// Whether somebody has begun to write is known from how far each thread is.
impl Hash for Versions {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.versions, &self.bounds).hash(state);
    }
}
