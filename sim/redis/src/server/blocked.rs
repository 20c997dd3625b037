//! Connections whose blocking command waits.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{Delivery, DeliveryKind, Output, Server};
use crate::keyspace::Value;
use crate::resp::Reply;
use crate::session::{Blocked, BlockedOn, ConnectionId, Replies};
use crate::time::Time;

/// The waiting connections.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// The connections that wait for each key, in the order in which they blocked.
    by_key: BTreeMap<(usize, Bytes), Vec<ConnectionId>>,
    /// The keys that were created while a connection waited for them, in order.
    ready: Vec<(usize, Bytes)>,
}

impl Server {
    /// Whether the connection waits in a blocking command. It must not send another command before
    /// the reply.
    pub fn is_blocked(&self, connection: ConnectionId) -> bool {
        self.sessions.get(&connection).is_some_and(|session| session.blocked.is_some())
    }

    /// Whether any connection waits in a blocking command.
    pub(crate) fn has_blocked(&self) -> bool {
        self.sessions.values().any(|session| session.blocked.is_some())
    }

    /// The earliest time at which a blocking command stops to wait.
    pub fn next_timeout(&self) -> Option<Time> {
        let deadlines = self.sessions.values().filter_map(|session| session.blocked.as_ref()?.deadline);
        Some(Time::from_millis(u64::try_from(deadlines.min()?).unwrap_or(0)))
    }

    /// Ends the blocking commands whose timeout has passed, and returns their replies.
    pub fn time_out(&mut self, now: Time) -> Output {
        self.now = now;
        self.end_due();
        std::mem::take(&mut self.output)
    }

    /// Whether the connection waits in a blocking command with a timeout.
    #[cfg(feature = "engine")]
    pub(crate) fn has_timeout(&self, connection: ConnectionId) -> bool {
        let blocked = self.sessions.get(&connection).and_then(|session| session.blocked.as_ref());
        blocked.is_some_and(|blocked| blocked.deadline.is_some())
    }

    /// Ends the blocking command of a connection as if its timeout had passed. Does nothing if the
    /// connection does not wait.
    #[cfg(feature = "engine")]
    pub(crate) fn pass_timeout(&mut self, connection: ConnectionId) -> Output {
        self.end_wait(connection);
        std::mem::take(&mut self.output)
    }

    /// Ends the waits whose timeout has passed.
    pub(crate) fn end_due(&mut self) {
        let now = self.now.millis();
        let is_due = |blocked: &Blocked| blocked.deadline.is_some_and(|deadline| deadline <= now);
        let mut due: Vec<(Option<i64>, ConnectionId)> = Vec::new();
        for (connection, session) in &self.sessions {
            if let Some(blocked) = session.blocked.as_ref().filter(|blocked| is_due(blocked)) {
                due.push((blocked.deadline, *connection));
            }
        }
        due.sort();
        due.into_iter().for_each(|(_, connection)| self.end_wait(connection));
    }

    /// Ends the wait of a connection with the reply of a timeout.
    pub(crate) fn end_wait(&mut self, connection: ConnectionId) {
        if let Some(blocked) = self.unblock(connection) {
            self.reply_later(connection, timeout_reply(&blocked));
        }
    }

    /// Sends the reply of a blocking command.
    pub(crate) fn reply_later(&mut self, to: ConnectionId, reply: Reply) {
        if self.sessions.get(&to).is_some_and(|session| session.replies == Replies::None) {
            return;
        }
        let protocol = self.protocol(to);
        self.output.deliveries.push(Delivery { to, protocol, kind: DeliveryKind::Reply, reply });
    }

    pub(crate) fn block(&mut self, connection: ConnectionId, blocked: Blocked) {
        for key in &blocked.keys {
            let waiting = self.waiting.by_key.entry((blocked.database, key.clone())).or_default();
            if !waiting.contains(&connection) {
                waiting.push(connection);
            }
        }
        self.session(connection).blocked = Some(blocked);
    }

    /// Ends the wait of a connection, if any, without a reply.
    pub(crate) fn unblock(&mut self, connection: ConnectionId) -> Option<Blocked> {
        let blocked = self.sessions.get_mut(&connection)?.blocked.take()?;
        for key in &blocked.keys {
            let id = (blocked.database, key.clone());
            if let Some(waiting) = self.waiting.by_key.get_mut(&id) {
                waiting.retain(|other| *other != connection);
                if waiting.is_empty() {
                    self.waiting.by_key.remove(&id);
                }
            }
        }
        Some(blocked)
    }

    /// Ends the wait of a connection, if any, and returns the reply of a timeout.
    pub(crate) fn cancel_wait(&mut self, connection: ConnectionId) -> Option<Reply> {
        self.unblock(connection).map(|blocked| timeout_reply(&blocked))
    }

    /// The connections that wait for a value of this kind at a key, in the order in which they
    /// blocked.
    pub(crate) fn waiting(&self, database: usize, key: &Bytes, kind: BlockedOn) -> Vec<ConnectionId> {
        let all = self.waiting.by_key.get(&(database, key.clone())).into_iter().flatten();
        let is_of_kind = |connection: &ConnectionId| {
            self.sessions[connection].blocked.as_ref().is_some_and(|blocked| blocked.kind == kind)
        };
        all.copied().filter(is_of_kind).collect()
    }

    /// The words of the command in which the connection waits.
    pub(crate) fn blocked_words(&self, connection: ConnectionId) -> Option<Vec<Bytes>> {
        Some(self.sessions.get(&connection)?.blocked.as_ref()?.words.clone())
    }

    /// The connections that wait for entries of streams, with the database and the keys.
    pub(crate) fn waiting_for_streams(&self) -> Vec<(ConnectionId, usize, Vec<Bytes>)> {
        if self.waiting.by_key.is_empty() {
            return Vec::new();
        }
        let waits = self.sessions.iter().filter_map(|(id, session)| {
            let blocked = session.blocked.as_ref().filter(|blocked| blocked.kind == BlockedOn::Stream)?;
            Some((*id, blocked.database, blocked.keys.clone()))
        });
        waits.collect()
    }

    /// Records that a key was created, or a stream has changed, if a connection waits for it.
    pub(crate) fn signal(&mut self, database: usize, key: &Bytes) {
        if self.waiting.by_key.is_empty() {
            return;
        }
        let id = (database, key.clone());
        let kind = self.databases[database].get(key).and_then(blocked_on);
        let waits_for =
            |session: &crate::session::Session| session.blocked.as_ref().map(|blocked| blocked.kind) == kind;
        let is_awaited = kind.is_some() && self.sessions.values().any(waits_for);
        if is_awaited && self.waiting.by_key.contains_key(&id) && !self.waiting.ready.contains(&id) {
            self.waiting.ready.push(id);
        }
    }

    /// Records the awaited keys of a database whose content was replaced.
    pub(super) fn signal_all(&mut self, database: usize) {
        let ids = self.waiting.by_key.keys().filter(|(of, _)| *of == database).cloned();
        for (_, key) in ids.collect::<Vec<_>>() {
            self.signal(database, &key);
        }
    }

    /// Takes the keys that were created while a connection waited for them.
    pub(crate) fn take_ready(&mut self) -> Vec<(usize, Bytes)> {
        std::mem::take(&mut self.waiting.ready)
    }
}

fn timeout_reply(blocked: &Blocked) -> Reply {
    if blocked.kind == BlockedOn::Replicas { Reply::Integer(0) } else { Reply::NullArray }
}

/// The kind of blocking command that a value can serve.
pub(crate) fn blocked_on(value: &Value) -> Option<BlockedOn> {
    match value {
        Value::List(_) => Some(BlockedOn::List),
        Value::SortedSet(_) => Some(BlockedOn::SortedSet),
        Value::Stream(_) => Some(BlockedOn::Stream),
        _ => None,
    }
}
