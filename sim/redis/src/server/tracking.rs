//! Client-side caching: the keys that connections have read, and their invalidation.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::Server;
use crate::keyspace::owned;
use crate::resp::{Protocol, Reply};
use crate::session::{ConnectionId, TrackingMode};

/// The channel on which a RESP2 connection receives the invalidations of another connection.
const CHANNEL: &str = "__redis__:invalidate";

/// The connections that receive invalidations. As in Redis, keys are identified by name alone,
/// whatever their database.
#[derive(Debug, Default)]
pub(crate) struct TrackingTable {
    /// The connections that have read a key since its last change.
    readers: BTreeMap<Bytes, BTreeSet<ConnectionId>>,
    /// The connections in broadcast mode, by prefix.
    prefixes: BTreeMap<Bytes, Prefix>,
    /// Invalidations to send to the current connection after its reply. `None` stands for all keys.
    pending: Vec<Option<Bytes>>,
}

#[derive(Debug, Default)]
struct Prefix {
    connections: BTreeSet<ConnectionId>,
    /// The changed keys, each with the connection whose command changed it last.
    changed: BTreeMap<Bytes, Option<ConnectionId>>,
}

impl Server {
    pub(crate) fn start_tracking(&mut self, connection: ConnectionId, mut mode: TrackingMode) {
        if mode.is_broadcast && mode.prefixes.is_empty() {
            mode.prefixes.insert(Bytes::new());
        }
        for prefix in &mode.prefixes {
            self.tracking.prefixes.entry(prefix.clone()).or_default().connections.insert(connection);
        }
        let session = self.session(connection);
        if let Some(old) = session.tracking.take() {
            mode.prefixes.extend(old.prefixes);
            mode.caching = old.caching;
        }
        session.tracking = Some(mode);
    }

    pub(crate) fn stop_tracking(&mut self, connection: ConnectionId) {
        let Some(session) = self.sessions.get_mut(&connection) else { return };
        for name in session.tracking.take().map(|mode| mode.prefixes).unwrap_or_default() {
            let prefix = self.tracking.prefixes.get_mut(&name).expect("a tracked prefix is in the table");
            prefix.connections.remove(&connection);
            if prefix.connections.is_empty() {
                self.tracking.prefixes.remove(&name);
            }
        }
    }

    /// Records that the connection has read these keys.
    pub(crate) fn track_reads<'k>(
        &mut self,
        connection: ConnectionId,
        keys: impl IntoIterator<Item = &'k Bytes>,
    ) {
        for key in keys {
            self.tracking.readers.entry(owned(key)).or_default().insert(connection);
        }
    }

    /// Reports that a key has changed, by a command of connection `by` or by expiry. Sends
    /// invalidations to the connections that have read it, and queues it for those in broadcast
    /// mode.
    pub(super) fn invalidate(&mut self, key: &Bytes, by: Option<ConnectionId>) {
        for (name, prefix) in &mut self.tracking.prefixes {
            if key.starts_with(name) {
                prefix.changed.insert(key.clone(), by);
            }
        }
        for reader in self.tracking.readers.remove(key).unwrap_or_default() {
            let mode = self.sessions.get(&reader).and_then(|session| session.tracking.as_ref());
            let Some(mode) = mode.filter(|mode| !mode.is_broadcast) else { continue };
            let is_own = self.current == Some(reader);
            if is_own && mode.no_loop {
                continue;
            }
            if is_own {
                self.tracking.pending.push(Some(key.clone()));
            } else {
                self.send_invalidation(reader, Reply::Array(vec![Reply::Bulk(key.clone())]));
            }
        }
    }

    /// The connections that would receive an invalidation if the key changed now.
    pub(crate) fn invalidation_receivers(&self, key: &Bytes) -> BTreeSet<ConnectionId> {
        let by_prefix = self.tracking.prefixes.iter().filter(|(name, _)| key.starts_with(name));
        let by_prefix = by_prefix.flat_map(|(_, prefix)| &prefix.connections);
        let trackers = self.tracking.readers.get(key).into_iter().flatten().chain(by_prefix);
        let redirect = |tracker: &ConnectionId| self.sessions.get(tracker)?.tracking.as_ref()?.redirect;
        trackers.map(|tracker| redirect(tracker).unwrap_or(*tracker)).collect()
    }

    /// Reports the removal of all keys to every tracking connection.
    pub(super) fn invalidate_all(&mut self) {
        let trackers = self.sessions.iter().filter(|(_, session)| session.tracking.is_some());
        for tracker in trackers.map(|(connection, _)| *connection).collect::<Vec<_>>() {
            if self.current == Some(tracker) {
                self.tracking.pending.push(None);
            } else {
                self.send_invalidation(tracker, Reply::Null);
            }
        }
        self.tracking.readers.clear();
    }

    /// Sends the pending invalidations of the current connection, after the reply to its command.
    pub(crate) fn flush_own_invalidations(&mut self) {
        let pending = std::mem::take(&mut self.tracking.pending);
        if let Some(current) = self.current.filter(|current| self.is_connected(*current)) {
            for key in pending {
                let keys = key.map_or(Reply::Null, |key| Reply::Array(vec![Reply::Bulk(key)]));
                self.send_invalidation(current, keys);
            }
        }
    }

    /// Sends the pending invalidations in broadcast mode, after a command and the blocking commands
    /// that it served.
    pub(crate) fn flush_broadcasts(&mut self) {
        let mut messages = Vec::new();
        for prefix in self.tracking.prefixes.values_mut().filter(|prefix| !prefix.changed.is_empty()) {
            let changed = std::mem::take(&mut prefix.changed);
            for connection in &prefix.connections {
                let mode = self.sessions[connection].tracking.as_ref();
                let no_loop = mode.is_some_and(|mode| mode.no_loop);
                let concerns = |by: &Option<ConnectionId>| !no_loop || *by != Some(*connection);
                let keys = changed.iter().filter(|(_, by)| concerns(by));
                let keys: Vec<_> = keys.map(|(key, _)| Reply::Bulk(key.clone())).collect();
                if !keys.is_empty() {
                    messages.push((*connection, Reply::Array(keys)));
                }
            }
        }
        for (connection, keys) in messages {
            self.send_invalidation(connection, keys);
        }
    }

    /// Sends an invalidation to a tracking connection, or to the target of its redirection.
    fn send_invalidation(&mut self, tracker: ConnectionId, keys: Reply) {
        let redirect = self.sessions[&tracker].tracking.as_ref().and_then(|mode| mode.redirect);
        let to = redirect.unwrap_or(tracker);
        if !self.is_connected(to) {
            let session = self.session(tracker);
            if let Some(mode) = &mut session.tracking {
                mode.is_redirect_broken = true;
            }
            if session.protocol == Protocol::Resp3 {
                let broken = vec![Reply::text("tracking-redir-broken"), Reply::Integer(to.number() as i64)];
                self.push(tracker, Reply::Push(broken));
            }
            return;
        }
        if self.protocol(to) == Protocol::Resp3 {
            self.push(to, Reply::Push(vec![Reply::text("invalidate"), keys]));
        } else if redirect.is_some() && self.sessions[&to].is_subscriber() {
            self.push(to, Reply::Push(vec![Reply::text("message"), Reply::text(CHANNEL), keys]));
        }
    }
}
