//! Subscriptions to channels and patterns.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::glob::matches;
use crate::session::ConnectionId;

/// Subscriptions to channels and patterns. Subscribers of one topic are notified in the order of
/// their subscriptions.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    channels: BTreeMap<Bytes, Vec<ConnectionId>>,
    patterns: BTreeMap<Bytes, Vec<ConnectionId>>,
    shards: BTreeMap<Bytes, Vec<ConnectionId>>,
}

/// The types of subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Channel,
    Pattern,
    /// A channel of sharded messages, which are separate from other messages.
    Shard,
}

impl Subscriptions {
    fn table(&mut self, topic: Topic) -> &mut BTreeMap<Bytes, Vec<ConnectionId>> {
        match topic {
            Topic::Channel => &mut self.channels,
            Topic::Pattern => &mut self.patterns,
            Topic::Shard => &mut self.shards,
        }
    }

    pub(crate) fn add(&mut self, topic: Topic, name: &Bytes, connection: ConnectionId) {
        self.table(topic).entry(name.clone()).or_default().push(connection);
    }

    pub(crate) fn remove(&mut self, topic: Topic, name: &Bytes, connection: ConnectionId) {
        let table = self.table(topic);
        let Some(subscribers) = table.get_mut(name) else { return };
        subscribers.retain(|subscriber| *subscriber != connection);
        if subscribers.is_empty() {
            table.remove(name);
        }
    }

    /// The receivers of a message on the channel, in order, each with the matching pattern if it
    /// subscribed to one.
    pub(crate) fn receivers(&self, channel: &[u8]) -> Vec<(ConnectionId, Option<Bytes>)> {
        let direct = self.channels.get(channel).into_iter().flatten().map(|connection| (*connection, None));
        let matching = self.patterns.iter().filter(|(pattern, _)| matches(pattern, channel));
        let by_pattern = matching.flat_map(|(pattern, subscribers)| {
            subscribers.iter().map(|connection| (*connection, Some(pattern.clone())))
        });
        direct.chain(by_pattern).collect()
    }

    /// The receivers of a sharded message, in order.
    pub(crate) fn shard_receivers(&self, channel: &[u8]) -> Vec<ConnectionId> {
        self.shards.get(channel).cloned().unwrap_or_default()
    }

    /// The topics with a subscriber, sorted, each with its number of subscribers.
    pub(crate) fn topics(&self, topic: Topic) -> impl Iterator<Item = (&Bytes, usize)> {
        let table = match topic {
            Topic::Channel => &self.channels,
            Topic::Pattern => &self.patterns,
            Topic::Shard => &self.shards,
        };
        table.iter().map(|(name, subscribers)| (name, subscribers.len()))
    }
}
