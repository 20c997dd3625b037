//! Consumer groups.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::StreamId;
use crate::keyspace::owned;

/// A group of consumers, each of which receives a part of the entries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    /// The last entry that was delivered to one of its consumers.
    pub(crate) last: StreamId,
    /// The number of entries up to that one, if it is known.
    pub(crate) read: Option<i64>,
    /// The entries that were delivered and not acknowledged. An entry stays here when the stream
    /// loses it.
    pub(crate) pending: BTreeMap<StreamId, Pending>,
    pub(crate) consumers: BTreeMap<Bytes, Consumer>,
}

/// An entry that was not acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    /// The consumer to which it was delivered last.
    pub(crate) consumer: Bytes,
    /// In milliseconds since the Unix epoch.
    pub(crate) delivered_at: i64,
    pub(crate) deliveries: i64,
}

/// A consumer of a group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Consumer {
    /// The time of its last command, in milliseconds since the Unix epoch.
    pub(crate) seen: i64,
}

impl Group {
    /// The pending entries of a consumer.
    pub(crate) fn pending_of(&self, consumer: &[u8]) -> impl Iterator<Item = (StreamId, &Pending)> {
        let all = self.pending.iter().filter(move |(_, pending)| pending.consumer == consumer);
        all.map(|(id, pending)| (*id, pending))
    }

    /// Records a command of a consumer. Returns whether the consumer is new.
    pub(crate) fn see(&mut self, consumer: &Bytes, now: i64) -> bool {
        self.consumers.insert(owned(consumer), Consumer { seen: now }).is_none()
    }

    /// Delivers an entry to a consumer for the first time, or again to another one.
    pub(crate) fn deliver(&mut self, id: StreamId, consumer: &Bytes, now: i64) {
        let pending = Pending { consumer: owned(consumer), delivered_at: now, deliveries: 1 };
        self.pending.insert(id, pending);
    }

    /// Removes a consumer, and returns the number of its pending entries, which are lost.
    pub(crate) fn remove_consumer(&mut self, consumer: &[u8]) -> Option<usize> {
        self.consumers.remove(consumer)?;
        let before = self.pending.len();
        self.pending.retain(|_, pending| pending.consumer != consumer);
        Some(before - self.pending.len())
    }
}
