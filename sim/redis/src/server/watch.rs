//! Watched keys: optimistic locking of transactions.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::Server;
use crate::session::{ConnectionId, WatchedKey};

/// The watching connections of each key, in the order of their `WATCH` commands.
pub(super) type Watchers = BTreeMap<(usize, Bytes), Vec<ConnectionId>>;

impl Server {
    pub(crate) fn watch(&mut self, connection: ConnectionId, database: usize, key: &Bytes) {
        let was_expired = self.databases[database].is_expired(key, self.now.millis());
        let watched = &mut self.session(connection).watched;
        if watched.iter().any(|watched| watched.database == database && watched.key == key) {
            return;
        }
        watched.push(WatchedKey { database, key: key.clone(), was_expired });
        self.watchers.entry((database, key.clone())).or_default().push(connection);
    }

    pub(crate) fn unwatch(&mut self, connection: ConnectionId) {
        let Some(session) = self.sessions.get_mut(&connection) else { return };
        for WatchedKey { database, key, .. } in std::mem::take(&mut session.watched) {
            let id = (database, key);
            let watchers = self.watchers.get_mut(&id).expect("a watched key has a watcher");
            watchers.retain(|watcher| *watcher != connection);
            if watchers.is_empty() {
                self.watchers.remove(&id);
            }
        }
    }

    /// Whether a watched key has expired since it was watched.
    pub(crate) fn watches_expired_key(&self, connection: ConnectionId) -> bool {
        let now = self.now.millis();
        self.sessions[&connection].watched.iter().any(|watched| {
            !watched.was_expired && self.databases[watched.database].is_expired(&watched.key, now)
        })
    }

    /// Aborts the transactions that watch a changed key.
    pub(super) fn touch_watched(&mut self, database: usize, key: &Bytes) {
        if self.watchers.is_empty() {
            return;
        }
        let exists = self.databases[database].get(key).is_some();
        let Some(watchers) = self.watchers.get(&(database, key.clone())) else { return };
        for watcher in watchers.clone() {
            let session = self.session(watcher);
            let watched = session.watched.iter_mut().find(|it| it.database == database && it.key == key);
            let watched = watched.expect("a watcher has the key in its session");
            if watched.was_expired {
                if exists {
                    // Redis returns here, and does not abort the transactions of later watchers.
                    return;
                }
                // The removal of a key that had expired before it was watched is not a change.
                watched.was_expired = false;
                continue;
            }
            session.is_dirty = true;
            self.unwatch(watcher);
        }
    }

    /// Aborts the transactions that watch keys which exist in the database, or in the one that will
    /// replace it.
    pub(super) fn touch_swapped(&mut self, database: usize, other: usize) {
        let ids = self.watchers.range((database, Bytes::new())..(database + 1, Bytes::new()));
        let exists = |key: &Bytes| [database, other].iter().any(|it| self.databases[*it].get(key).is_some());
        let dirty: Vec<_> =
            ids.filter(|((_, key), _)| exists(key)).flat_map(|(_, ids)| ids.clone()).collect();
        for watcher in dirty {
            self.session(watcher).is_dirty = true;
        }
    }

    /// Aborts the transactions that watch existing keys of a database whose keys will be removed.
    pub(super) fn touch_all_watched(&mut self, database: usize) {
        let ids = self.watchers.range((database, Bytes::new())..(database + 1, Bytes::new()));
        let existing: Vec<(Bytes, Vec<ConnectionId>)> = ids
            .filter(|((_, key), _)| self.databases[database].get(key).is_some())
            .map(|((_, key), watchers)| (key.clone(), watchers.clone()))
            .collect();
        for (key, watchers) in existing {
            for watcher in watchers {
                let session = self.session(watcher);
                let watched = session.watched.iter_mut().find(|it| it.database == database && it.key == key);
                let watched = watched.expect("a watcher has the key in its session");
                if watched.was_expired {
                    watched.was_expired = false;
                } else {
                    session.is_dirty = true;
                }
            }
        }
    }
}
