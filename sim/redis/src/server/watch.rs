//! Watched keys: who has to be told that a transaction came too late.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::Server;
use crate::session::{ConnectionId, WatchedKey};

/// Who watches which key of which database, in the order in which they came.
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
            let place = (database, key);
            let watchers = self.watchers.get_mut(&place).expect("what is watched has a watcher");
            watchers.retain(|watcher| *watcher != connection);
            if watchers.is_empty() {
                self.watchers.remove(&place);
            }
        }
    }

    /// Whether a key that was there when it was watched has passed its deadline since.
    pub(crate) fn watches_expired_key(&self, connection: ConnectionId) -> bool {
        let now = self.now.millis();
        self.sessions[&connection].watched.iter().any(|watched| {
            !watched.was_expired && self.databases[watched.database].is_expired(&watched.key, now)
        })
    }

    /// A key has changed.
    pub(super) fn touch_watched(&mut self, database: usize, key: &Bytes) {
        if self.watchers.is_empty() {
            return;
        }
        let is_there = self.databases[database].get(key).is_some();
        let Some(watchers) = self.watchers.get(&(database, key.clone())) else { return };
        for watcher in watchers.clone() {
            let session = self.session(watcher);
            let watched = session.watched.iter_mut().find(|it| it.database == database && it.key == key);
            let watched = watched.expect("a watcher watches");
            if watched.was_expired {
                if is_there {
                    // Redis stops here, and does not tell those who came later.
                    return;
                }
                // What had expired already was removed: nothing has changed.
                watched.was_expired = false;
                continue;
            }
            session.is_dirty = true;
            self.unwatch(watcher);
        }
    }

    /// All keys of a database are about to go.
    pub(super) fn touch_all_watched(&mut self, database: usize) {
        let places = self.watchers.range((database, Bytes::new())..(database + 1, Bytes::new()));
        let of_keys_there: Vec<(Bytes, Vec<ConnectionId>)> = places
            .filter(|((_, key), _)| self.databases[database].get(key).is_some())
            .map(|((_, key), watchers)| (key.clone(), watchers.clone()))
            .collect();
        for (key, watchers) in of_keys_there {
            for watcher in watchers {
                let session = self.session(watcher);
                let watched = session.watched.iter_mut().find(|it| it.database == database && it.key == key);
                let watched = watched.expect("a watcher watches");
                if watched.was_expired {
                    watched.was_expired = false;
                } else {
                    session.is_dirty = true;
                }
            }
        }
    }
}
