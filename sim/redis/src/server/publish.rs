//! Messages to those who are subscribed, and events of keys as such messages.

use bytes::Bytes;

use super::Server;
use crate::notify::Events;
use crate::resp::Reply;

impl Server {
    /// Sends a message to all who are subscribed to the channel, or to a pattern that it matches. How many that were.
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

    /// Something has happened to a key: publishes that, if it is wanted.
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
