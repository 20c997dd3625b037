//! Published messages, and keyspace events as such messages.

use bytes::Bytes;

use super::Server;
use crate::notify::Events;
use crate::resp::Reply;

impl Server {
    /// Publishes a message to the channel's subscribers and to those of matching patterns. Returns
    /// the number of receivers.
    pub(crate) fn publish(&mut self, channel: &Bytes, message: &Bytes) -> usize {
        let receivers = self.subscriptions.receivers(channel);
        let count = receivers.len();
        for (connection, pattern) in receivers {
            let content = [Reply::Bulk(channel.clone()), Reply::Bulk(message.clone())];
            let head = match pattern {
                None => vec![Reply::text("message")],
                Some(pattern) => vec![Reply::text("pmessage"), Reply::Bulk(pattern)],
            };
            self.push(connection, Reply::Push(head.into_iter().chain(content).collect()));
        }
        count
    }

    /// Publishes a message to the subscribers of a sharded channel. Returns their number.
    pub(crate) fn publish_sharded(&mut self, channel: &Bytes, message: &Bytes) -> usize {
        let receivers = self.subscriptions.shard_receivers(channel);
        for connection in &receivers {
            let content = [Reply::Bulk(channel.clone()), Reply::Bulk(message.clone())];
            let parts = [Reply::text("smessage")].into_iter().chain(content).collect();
            self.push(*connection, Reply::Push(parts));
        }
        receivers.len()
    }

    /// Publishes a keyspace event, if the setting enables it.
    pub(crate) fn notify(&mut self, kind: Events, event: &'static str, database: usize, key: &Bytes) {
        let wanted = self.settings.events;
        if !wanted.has(kind) {
            return;
        }
        let event = Bytes::from_static(event.as_bytes());
        let channel = |about: &str, name: &[u8]| {
            Bytes::from([format!("__{about}@{database}__:").as_bytes(), name].concat())
        };
        if wanted.has(Events::KEYSPACE) {
            self.publish(&channel("keyspace", key), &event);
        }
        if wanted.has(Events::KEYEVENT) {
            self.publish(&channel("keyevent", &event), key);
        }
    }
}
