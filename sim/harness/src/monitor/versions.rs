//! What the rules need to know of one key.

use std::collections::{BTreeMap, BTreeSet};

use super::floor::{Early, Floor};
use super::name::{Name, Names};
use super::undecided::Undecided;
use crate::history::Value;

/// What a key holds; `None` is "absent".
pub(super) type Content = Option<Value>;

/// What versions look like.
pub(super) type Contents = BTreeSet<Content>;

/// What a read has broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Broken {
    pub(super) stale: bool,
    pub(super) inverted: bool,
}

/// The versions of one key, and how far operations on it have come.
#[derive(Clone, Debug, Default)]
pub(super) struct Versions {
    /// What there has been; and of each what was there before the first version that looks like it, and has not come again
    /// since.
    pub(super) before: BTreeMap<Content, Contents>,
    pub(super) last: Option<Content>,
    /// What it held before it expired, if nobody has written it since.
    pub(super) expired: Option<Content>,
    /// What a read that is invoked now must not return.
    pub(super) floor: Floor,
    pub(super) undecided: BTreeSet<Undecided>,
    /// What reads returned that nobody can have meant, unless the key comes to hold it.
    pub(super) unexplained: Contents,
    /// A write of it has been invoked, or has come about.
    pub(super) is_written: bool,
}

impl Broken {
    pub(super) fn add(&mut self, other: Broken) {
        self.stale |= other.stale;
        self.inverted |= other.inverted;
    }
}

impl Versions {
    /// The key has been through these.
    pub(super) fn new(contents: impl IntoIterator<Item = Content>) -> Self {
        let mut versions = Versions::default();
        for content in contents {
            versions.push(content);
        }
        versions
    }

    /// Whether the key has held this.
    pub(super) fn has(&self, content: Content) -> bool {
        self.before.contains_key(&content)
    }

    /// What there has been besides.
    pub(super) fn others(&self, content: Content) -> Contents {
        self.before.keys().copied().filter(|its| *its != content).collect()
    }

    /// One more version. Returns what else there has been.
    fn push(&mut self, content: Content) -> Contents {
        let others = self.others(content);
        for before in self.before.values_mut() {
            before.remove(&content);
        }
        self.before.entry(content).or_insert_with(|| others.clone());
        self.last = Some(content);
        others
    }

    /// The operation has written the key. Returns what else there has been, all of it older, and what earlier reads turn out
    /// to have broken.
    pub(super) fn write(&mut self, by: Option<Name>, content: Content) -> (Contents, Broken) {
        let others = self.push(content);
        self.expired = None;
        self.is_written = true;
        self.unexplained.remove(&content);
        self.floor.written(by, content, &others);
        (others, self.reconsider(|undecided| undecided.written(by, content)))
    }

    /// The key has expired. Returns as [`write`](Versions::write).
    pub(super) fn expire(&mut self) -> (Contents, Broken) {
        let before = self.expired.or(self.last);
        // Who has found nothing before was not told of this.
        let unexplained = self.unexplained.clone();
        let written = self.write(None, None);
        (self.expired, self.unexplained) = (before, unexplained);
        written
    }

    /// The operation writes nothing any more. Returns what reads turn out to have broken.
    pub(super) fn over(&mut self, name: Name) -> Broken {
        self.floor.promises.over(name);
        self.reconsider(|undecided| undecided.over(name))
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

    /// A read is finished, which was invoked under this floor. `writers` have begun, and may still write what it has returned.
    pub(super) fn read(&mut self, returned: Content, floor: Floor, writers: Names) -> Broken {
        match self.before.get(&returned) {
            // It may have returned the oldest that looks like it.
            Some(before) => self.floor.inverted.extend(before),
            None if writers.is_empty() => {}
            None => drop(self.floor.promises.early.insert(Early { content: returned, by: writers.clone() })),
        }
        let broken =
            Broken { stale: floor.stale.contains(&returned), inverted: floor.inverted.contains(&returned) };
        let is_there = self.has(returned);
        self.decide(Undecided { returned, is_there, broken, promises: floor.promises, writers })
    }
}
