//! Access to keys with its side effects: expiry, watched keys, tracking, keyspace events.

use bytes::Bytes;

use super::Server;
use crate::keyspace::{Access, Value};
use crate::notify::Events;

impl Server {
    /// Notifies the connections that watch or track a changed key.
    pub(crate) fn modified(&mut self, database: usize, key: &Bytes) {
        self.touch_watched(database, key);
        self.invalidate(key, self.current);
    }

    /// Removes the key if it has expired, with notifications. Returns whether it had expired.
    pub(crate) fn expire_if_due(&mut self, database: usize, key: &Bytes) -> bool {
        let is_due = self.databases[database].is_expired(key, self.now.millis());
        if is_due {
            self.remove_expired(database, key);
        }
        is_due
    }

    /// Removes a key whose deadline has passed, and notifies subscribers, watchers and trackers.
    pub(super) fn remove_expired(&mut self, database: usize, key: &Bytes) {
        self.databases[database].remove(key);
        self.notify(Events::EXPIRED, "expired", database, key);
        self.touch_watched(database, key);
        self.invalidate(key, None);
    }

    /// Records an access to the key, and removes it if it has expired. Returns whether it exists.
    fn access(&mut self, database: usize, key: &Bytes) -> bool {
        let access = self.databases[database].access(key, self.now.millis());
        if access == Access::Expired {
            self.remove_expired(database, key);
        }
        access == Access::Present
    }

    /// Returns the value of a key for reading.
    pub(crate) fn read(&mut self, database: usize, key: &Bytes) -> Option<&Value> {
        if !self.access(database, key) {
            self.notify(Events::MISS, "keymiss", database, key);
            return None;
        }
        self.databases[database].get(key)
    }

    /// Returns the value of a key for a change.
    pub(crate) fn write(&mut self, database: usize, key: &Bytes) -> Option<&mut Value> {
        if !self.access(database, key) {
            return None;
        }
        self.databases[database].get_mut(key)
    }

    /// Sets a value without notifying watching or tracking connections. A deadline is retained.
    pub(crate) fn insert(&mut self, database: usize, key: &Bytes, value: Value) {
        let is_new = self.databases[database].insert(key, value);
        self.databases[database].access(key, self.now.millis());
        if is_new {
            self.signal(database, key);
            self.notify(Events::NEW, "new", database, key);
        }
    }

    /// Exchanges two databases, and notifies the connections that watch or track keys of them.
    pub(crate) fn swap(&mut self, first: usize, second: usize) {
        if first == second {
            return;
        }
        for (database, other) in [(first, second), (second, first)] {
            self.touch_swapped(database, other);
        }
        self.databases.swap(first, second);
        self.signal_all(first);
        self.signal_all(second);
    }

    /// Removes all keys of these databases, with notifications.
    pub(crate) fn flush(&mut self, databases: std::ops::Range<usize>) {
        for database in databases {
            self.touch_all_watched(database);
            self.databases[database].clear();
        }
        self.invalidate_all();
    }
}
