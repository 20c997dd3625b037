//! Streams: entries in the order of their identifiers, and the consumer groups that read them.

mod group;
mod id;
mod node;
mod trim;

use std::collections::BTreeMap;

use bytes::Bytes;

pub(crate) use group::{Consumer, Group, Pending};
pub(crate) use id::StreamId;
use node::{Node, radix_nodes};
pub(crate) use trim::{Bound, Trim};

use super::owned;

/// A stream. It exists without entries, too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream {
    /// The fields and values of each entry, alternating.
    entries: BTreeMap<StreamId, Box<[Bytes]>>,
    /// The parts in which Redis stores the entries, in order. Approximate trimming removes whole
    /// parts.
    nodes: Vec<Node>,
    /// The identifier of the last entry that was added.
    pub(crate) last: StreamId,
    /// The first entry as Redis records it: zero if the stream is empty.
    pub(crate) first: StreamId,
    /// The greatest identifier of an entry that `XDEL` has removed.
    pub(crate) max_deleted: StreamId,
    /// The number of entries that were ever added.
    pub(crate) added: i64,
    pub(crate) groups: BTreeMap<Bytes, Group>,
}

impl Stream {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds an entry. Its identifier must be greater than [`last`](Self::last).
    pub(crate) fn append(&mut self, id: StreamId, words: &[Bytes]) {
        match self.nodes.last_mut().filter(|node| node.has_room_for(words)) {
            Some(node) => node.add(id, words),
            None => self.nodes.push(Node::new(id, words)),
        }
        self.entries.insert(id, words.iter().map(|word| owned(word)).collect());
        self.added += 1;
        self.last = id;
        if self.entries.len() == 1 {
            self.first = id;
        }
    }

    /// The next identifier that the server chooses at `now`. `None` if there is none.
    pub(crate) fn next_id(&self, now: i64) -> Option<StreamId> {
        let now = StreamId { millis: now.max(0) as u64, sequence: 0 };
        if now.millis > self.last.millis { Some(now) } else { self.last.next() }
    }

    pub(crate) fn contains(&self, id: StreamId) -> bool {
        self.entries.contains_key(&id)
    }

    pub(crate) fn get(&self, id: StreamId) -> Option<&[Bytes]> {
        self.entries.get(&id).map(|words| &**words)
    }

    /// The entries from `start` to `end`, both inclusive.
    pub(crate) fn range(
        &self,
        start: StreamId,
        end: StreamId,
    ) -> impl DoubleEndedIterator<Item = (StreamId, &[Bytes])> {
        let range = (start <= end).then(|| self.entries.range(start..=end));
        range.into_iter().flatten().map(|(id, words)| (*id, &**words))
    }

    /// The identifier of the last entry that exists.
    pub(crate) fn last_entry(&self) -> Option<StreamId> {
        self.entries.last_key_value().map(|(id, _)| *id)
    }

    /// Removes an entry for `XDEL`. Returns whether it existed.
    pub(crate) fn remove(&mut self, id: StreamId) -> bool {
        if self.entries.remove(&id).is_none() {
            return false;
        }
        let at = self.nodes.partition_point(|node| node.first <= id) - 1;
        self.nodes[at].remove();
        if self.nodes[at].is_empty() {
            self.nodes.remove(at);
        }
        self.max_deleted = self.max_deleted.max(id);
        self.record_first();
        true
    }

    fn record_first(&mut self) {
        self.first = self.entries.first_key_value().map(|(id, _)| *id).unwrap_or_default();
    }

    /// The number of parts, and the number of nodes of the tree that holds them in Redis.
    pub(crate) fn tree(&self) -> (usize, usize) {
        let keys: Vec<_> = self.nodes.iter().map(|node| node.first.bytes()).collect();
        (keys.len(), radix_nodes(&keys))
    }

    /// Whether `XDEL` has removed an entry from `start` on that Redis knows of.
    pub(crate) fn has_deleted_since(&self, start: StreamId) -> bool {
        let is_unknown = self.entries.is_empty() || self.max_deleted == StreamId::MIN;
        !is_unknown && self.first <= self.max_deleted && start <= self.max_deleted
    }

    /// The number of entries that were added up to this identifier, if Redis can say it.
    pub(crate) fn added_up_to(&self, id: StreamId) -> Option<i64> {
        if self.added == 0 {
            return Some(0);
        }
        if id == self.last || (self.entries.is_empty() && id < self.last) {
            return Some(self.added);
        }
        let is_whole = self.max_deleted == StreamId::MIN || self.max_deleted < self.first;
        if id > self.last || !is_whole || id > self.first {
            return None;
        }
        Some(self.added - self.entries.len() as i64 + i64::from(id == self.first))
    }

    /// The number of entries that a group has yet to read, if Redis can say it.
    pub(crate) fn lag(&self, group: &Group) -> Option<i64> {
        if self.added == 0 {
            return Some(0);
        }
        let read = group.read.filter(|_| !self.has_deleted_since(group.last));
        Some(self.added.wrapping_sub(read.or_else(|| self.added_up_to(group.last))?))
    }
}
