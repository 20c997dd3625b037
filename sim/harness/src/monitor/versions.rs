//! The state of the rules for one key.

use std::collections::{BTreeMap, BTreeSet};

use super::floor::{Early, Floor};
use super::name::{OperationName, OperationNames};
use super::overwritten::Writes;
use super::undecided::Undecided;
use crate::history::Value;

/// A key's content; `None` is "absent".
pub(super) type Content = Option<Value>;

/// A set of contents.
pub(super) type Contents = BTreeSet<Content>;

/// The rules that a read violates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Broken {
    pub(super) stale: bool,
    pub(super) inverted: bool,
    pub(super) delivered: bool,
}

/// The versions of one key, and the pending judgements of its reads.
#[derive(Clone, Debug, Default)]
pub(super) struct Versions {
    /// Each content so far, with the contents before its first version that have not been written
    /// again since.
    pub(super) before: BTreeMap<Content, Contents>,
    pub(super) last: Option<Content>,
    /// The content before the expiry, if no operation has written the key since.
    pub(super) expired: Option<Content>,
    /// The contents that a read invoked now must not return, by the read's node. All reads have
    /// node 0 if they are not judged by node.
    pub(super) floors: BTreeMap<u32, Floor>,
    pub(super) undecided: BTreeSet<Undecided>,
    /// Results of reads that no version explains, unless the key later has them.
    pub(super) unexplained: Contents,
    /// A write of the key has been invoked or executed.
    pub(super) is_written: bool,
    /// The only operation that has written the key or been invoked to, if there is only one.
    pub(super) sole_writer: Option<OperationName>,
    /// If updates write the key.
    pub(super) writes: Writes,
    /// The values of compare-and-sets whose outcome is unknown.
    pub(super) possible: Contents,
}

impl Broken {
    pub(super) fn add(&mut self, other: Broken) {
        self.stale |= other.stale;
        self.inverted |= other.inverted;
        self.delivered |= other.delivered;
    }
}

impl Versions {
    /// Creates the state of a key with these versions, oldest first.
    pub(super) fn new(contents: impl IntoIterator<Item = Content>) -> Self {
        let mut versions = Versions::default();
        for content in contents {
            versions.push(content);
        }
        versions
    }

    /// Whether the key has had this content.
    pub(super) fn has(&self, content: Content) -> bool {
        self.before.contains_key(&content)
    }

    /// An operation has been invoked to write the key, or has written it; `None` for an expiry.
    pub(super) fn is_written_by(&mut self, by: Option<OperationName>) {
        if !self.is_written {
            self.sole_writer = by;
        } else if self.sole_writer != by {
            self.sole_writer = None;
        }
        self.is_written = true;
    }

    /// The other contents so far.
    pub(super) fn others(&self, content: Content) -> Contents {
        self.before.keys().copied().filter(|its| *its != content).collect()
    }

    /// Adds a version. Returns the other contents so far.
    fn push(&mut self, content: Content) -> Contents {
        let others = self.others(content);
        for before in self.before.values_mut() {
            before.remove(&content);
        }
        self.before.entry(content).or_insert_with(|| others.clone());
        self.last = Some(content);
        others
    }

    /// The operation has written the key. Returns the other contents so far, all of them older, and
    /// the rules that earlier reads turn out to violate.
    pub(super) fn write(&mut self, by: Option<OperationName>, content: Content) -> (Contents, Broken) {
        let others = self.push(content);
        self.expired = None;
        self.is_written_by(by);
        self.unexplained.remove(&content);
        self.floors.values_mut().for_each(|floor| floor.written(by, content, &others));
        (others, self.reconsider(|undecided| undecided.written(by, content)))
    }

    /// The key has expired. Returns as [`write`](Versions::write).
    pub(super) fn expire(&mut self) -> (Contents, Broken) {
        let before = self.expired.or(self.last);
        // An earlier read of an absent key does not explain itself by the expiry.
        let unexplained = self.unexplained.clone();
        let written = self.write(None, None);
        (self.expired, self.unexplained) = (before, unexplained);
        written
    }

    /// The operation can write nothing more. Returns the rules that reads turn out to violate.
    pub(super) fn ended(&mut self, name: OperationName) -> Broken {
        self.floors.values_mut().for_each(|floor| floor.promises.ended(name));
        self.reconsider(|undecided| undecided.ended(name))
    }

    fn reconsider(&mut self, change: impl Fn(&mut Undecided)) -> Broken {
        let mut broken = Broken::default();
        for mut undecided in std::mem::take(&mut self.undecided) {
            change(&mut undecided);
            broken.add(self.decide(undecided));
        }
        broken
    }

    fn decide(&mut self, undecided: Undecided) -> Broken {
        undecided.decided().unwrap_or_else(|| {
            self.undecided.insert(undecided);
            Broken::default()
        })
    }

    /// The node has applied the notification of this content.
    pub(super) fn delivered(&mut self, node: u32, content: Content) {
        if let Some(before) = self.before.get(&content) {
            self.floors.entry(node).or_default().delivered.extend(before);
        }
    }

    /// Judges a read of the node that was invoked under this floor. `writers` have begun, and may
    /// still write its result.
    pub(super) fn read(
        &mut self,
        node: u32,
        returned: Content,
        floor: Floor,
        writers: OperationNames,
    ) -> Broken {
        let from_now_on = self.floors.entry(node).or_default();
        match self.before.get(&returned) {
            // It may have returned the oldest version with this content.
            Some(before) => from_now_on.inverted.extend(before),
            None if writers.is_empty() => {}
            None => drop(from_now_on.promises.early.insert(Early { content: returned, by: writers.clone() })),
        }
        let broken = Broken {
            stale: floor.stale.contains(&returned),
            inverted: floor.inverted.contains(&returned),
            delivered: floor.delivered.contains(&returned),
        };
        let is_there = self.has(returned);
        self.decide(Undecided { returned, is_there, broken, promises: floor.promises, writers })
    }
}
