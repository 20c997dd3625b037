//! What the rules need to know of one key.

use std::collections::BTreeSet;

use crate::history::Value;

/// What a key holds; `None` is "absent".
pub(super) type Content = Option<Value>;

/// A version's place among those of its key, from 0.
pub(super) type Place = usize;

/// A task, whose write is meant that is under way.
pub(super) type Writer = u32;

/// How new a read must be not to break a rule: it must return nothing older.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Floor {
    /// The newest version that a write has made which was acknowledged by then.
    pub(super) acknowledged: Option<Place>,
    /// The newest version that a read has returned which was finished by then.
    pub(super) returned: Option<Place>,
    /// Finished reads have returned what was still to be written: by the first of these, for each such read. What one of
    /// them will write is newer than all that is there.
    pub(super) early: BTreeSet<BTreeSet<Writer>>,
}

/// A read has returned what the last of `later` will write, and must not have if that comes before what the first of
/// `earlier` will write.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Undecided {
    pub(super) later: BTreeSet<Writer>,
    pub(super) earlier: BTreeSet<Writer>,
}

/// What came of comparing a read with a floor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) stale: bool,
    pub(super) inverted: bool,
}

/// The versions of one key, and how far operations on it have come.
#[derive(Clone, Debug, Default)]
pub(super) struct Versions {
    /// Oldest first.
    pub(super) contents: Vec<Content>,
    /// What a read that is invoked now must not be older than.
    pub(super) floor: Floor,
    pub(super) undecided: BTreeSet<Undecided>,
    /// Some write has been invoked.
    pub(super) has_write: bool,
}

impl Versions {
    /// The newest version that looks like this.
    pub(super) fn newest(&self, content: Content) -> Option<Place> {
        self.contents.iter().rposition(|its| *its == content)
    }

    /// The oldest version that looks like this.
    pub(super) fn oldest(&self, content: Content) -> Option<Place> {
        self.contents.iter().position(|its| *its == content)
    }

    /// A write has come to the source of truth. Returns the version's place, and whether this shows that an earlier read
    /// was inverted.
    pub(super) fn write(&mut self, writer: Writer, content: Content) -> (Place, bool) {
        let place = self.contents.len();
        self.contents.push(content);
        self.floor.written(writer, place);
        let mut inverted = false;
        let undecided = std::mem::take(&mut self.undecided);
        for mut pair in undecided {
            if pair.earlier.contains(&writer) {
                continue;
            }
            pair.later.remove(&writer);
            if pair.later.is_empty() {
                inverted = true;
            } else {
                self.undecided.insert(pair);
            }
        }
        (place, inverted)
    }

    /// A write that made the version at `place` is acknowledged.
    pub(super) fn acknowledge(&mut self, place: Place) {
        self.floor.acknowledged = self.floor.acknowledged.max(Some(place));
    }

    /// A read is finished, which was invoked under this floor. `under_way` are the writes that will write what it has
    /// returned, and have not yet.
    pub(super) fn read(&mut self, content: Content, floor: Floor, under_way: BTreeSet<Writer>) -> Broken {
        let mut broken = Broken::default();
        match self.newest(content) {
            _ if !under_way.is_empty() => {
                // What it may have returned is newer than all that is there.
                for earlier in floor.early {
                    if earlier.is_disjoint(&under_way) {
                        self.undecided.insert(Undecided { later: under_way.clone(), earlier });
                    }
                }
            }
            Some(newest) => {
                broken.stale = floor.acknowledged > Some(newest);
                broken.inverted = floor.returned > Some(newest) || !floor.early.is_empty();
            }
            None => {}
        }
        match self.oldest(content) {
            Some(oldest) => self.floor.returned = self.floor.returned.max(Some(oldest)),
            None if !under_way.is_empty() => drop(self.floor.early.insert(under_way)),
            None => {}
        }
        broken
    }
}

impl Floor {
    /// The writer has written: what was returned early has a place.
    pub(super) fn written(&mut self, writer: Writer, place: Place) {
        let before = self.early.len();
        self.early.retain(|writers| !writers.contains(&writer));
        if self.early.len() < before {
            self.returned = self.returned.max(Some(place));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Key;

    fn value(version: u32) -> Content {
        Some(Value { key: Key::new("k"), version })
    }

    fn versions(contents: impl IntoIterator<Item = Content>) -> Versions {
        Versions { contents: contents.into_iter().collect(), ..Versions::default() }
    }

    const NOBODY: BTreeSet<Writer> = BTreeSet::new();

    #[test]
    fn older_than_acknowledged_is_stale_and_older_than_returned_is_inverted() {
        let mut versions = versions([value(0)]);
        let early = versions.floor.clone();
        let (place, _) = versions.write(1, value(1));
        assert_eq!(versions.read(value(1), early.clone(), NOBODY), Broken::default());
        let after_read = versions.floor.clone();
        versions.acknowledge(place);
        assert_eq!(versions.read(value(0), early, NOBODY), Broken::default());
        assert_eq!(versions.read(value(0), after_read, NOBODY), Broken { stale: false, inverted: true });
        let floor = versions.floor.clone();
        assert_eq!(versions.read(value(0), floor, NOBODY), Broken { stale: true, inverted: true });
    }

    #[test]
    fn absent_twice_is_as_new_as_its_newest_and_no_newer_than_its_oldest() {
        let mut versions = versions([None, value(1), None]);
        versions.acknowledge(2);
        let floor = versions.floor.clone();
        assert_eq!(versions.read(None, floor.clone(), NOBODY), Broken::default());
        assert_eq!(versions.floor.returned, Some(0));
        assert_eq!(versions.read(value(1), floor, NOBODY), Broken { stale: true, inverted: false });
    }

    #[test]
    fn what_is_returned_before_it_is_written_is_newer_than_all_that_is_there() {
        let mut versions = versions([value(0)]);
        let floor = versions.floor.clone();
        assert_eq!(versions.read(value(1), floor, [1].into()), Broken::default());
        let floor = versions.floor.clone();
        assert_eq!(versions.read(value(0), floor, NOBODY), Broken { stale: false, inverted: true });
    }

    #[test]
    fn of_two_that_are_returned_early_the_order_of_the_writes_decides() {
        for (first, is_inverted) in [(1, false), (2, true)] {
            let mut versions = versions([value(0)]);
            let floor = versions.floor.clone();
            versions.read(value(1), floor, [1].into());
            let floor = versions.floor.clone();
            assert_eq!(versions.read(value(2), floor, [2].into()), Broken::default());
            let (_, inverted) = versions.write(first, value(first));
            assert_eq!(inverted, is_inverted);
            let (_, inverted) = versions.write(3 - first, value(3 - first));
            assert!(!inverted);
        }
    }
}
