//! The writes that an update would overwrite unread: see [`lost_update`](crate::oracle).
//!
//! An update that has read a content, and now writes, overwrites the writes since the newest
//! version with that content. An acknowledged one is lost. One in progress is lost if it is
//! acknowledged later.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use selvedge_engine::hash_unordered;

use super::name::{OperationName, OperationNames};
use super::versions::Content;

/// The writes of a key since the newest version with a content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Since {
    /// Whether any of them is acknowledged.
    is_acknowledged: bool,
    /// Those in progress, if none is acknowledged: otherwise they change nothing.
    in_progress: OperationNames,
}

/// A write, as far as it can be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    /// Its outcome is unknown, or no operation made the version.
    Unknown,
    InProgress(OperationName),
    Acknowledged,
}

/// For each content of a key so far, the writes since. Empty for a key without updates.
#[derive(Clone, Debug, Default)]
pub(super) struct Writes(BTreeMap<Content, Since>);

impl Since {
    fn add(&mut self, writer: Writer) {
        match writer {
            Writer::InProgress(by) if !self.is_acknowledged => drop(self.in_progress.insert(by)),
            Writer::Acknowledged => self.acknowledge(),
            Writer::Unknown | Writer::InProgress(_) => {}
        }
    }

    fn acknowledge(&mut self) {
        self.is_acknowledged = true;
        self.in_progress.clear();
    }
}

impl Writes {
    /// The key starts with this content, or has it from now on.
    pub(super) fn written(&mut self, content: Content, writer: Writer) {
        self.0.values_mut().for_each(|since| since.add(writer));
        self.0.insert(content, Since::default());
    }

    /// The operation has found that the key has this content, which it was to write.
    pub(super) fn confirmed(&mut self, content: Content, writer: Writer) {
        let others = self.0.iter_mut().filter(|(its, _)| **its != content);
        others.for_each(|(_, since)| since.add(writer));
    }

    /// The operation has returned.
    pub(super) fn answered(&mut self, name: OperationName, is_acknowledged: bool) {
        for since in self.0.values_mut() {
            if since.in_progress.remove(&name) && is_acknowledged {
                since.acknowledge();
            }
        }
    }

    /// An update, which has read `base`, writes. Returns whether it overwrites an acknowledged
    /// write unread, and the writes in progress that it overwrites.
    pub(super) fn overwritten(&self, update: OperationName, base: Content) -> (bool, OperationNames) {
        let Some(since) = self.0.get(&base) else { return (false, OperationNames::new()) };
        let others = since.in_progress.iter().copied().filter(|&by| by != update);
        (since.is_acknowledged, others.collect())
    }

    pub(super) fn hash(&self, to: &mut dyn Hasher) {
        if !self.0.is_empty() {
            hash_unordered(&self.0, to);
        }
    }
}

impl Hash for Since {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.is_acknowledged.hash(state);
        hash_unordered(&self.in_progress, state);
    }
}
