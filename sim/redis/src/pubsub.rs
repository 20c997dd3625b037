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
}

/// The types of subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Channel,
    Pattern,
}

impl Subscriptions {
    fn table(&mut self, topic: Topic) -> &mut BTreeMap<Bytes, Vec<ConnectionId>> {
        match topic {
            Topic::Channel => &mut self.channels,
            Topic::Pattern => &mut self.patterns,
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

    pub(crate) fn channels(&self) -> usize {
        self.channels.len()
    }

    pub(crate) fn patterns(&self) -> usize {
        self.patterns.len()
    }
}
