//! Active expiry: the removal of expired keys that no command accesses.

use bytes::Bytes;

use super::{Output, Server};
use crate::time::Time;

impl Server {
    /// Removes at most `at_most` expired keys, those with the earliest deadline first. Redis does
    /// this ten times a second, within a share of its time. Before this removal, commands do not
    /// see an expired key, but `DBSIZE` counts it, and its expiry has not been notified.
    pub fn expire(&mut self, now: Time, at_most: usize) -> Output {
        self.now = now;
        let mut left = at_most;
        for database in 0..self.databases.len() {
            while left > 0 {
                let Some(key) = self.databases[database].first_expired(now.millis()) else { break };
                self.expire_if_due(database, &key);
                left -= 1;
            }
        }
        self.flush_broadcasts();
        std::mem::take(&mut self.output)
    }

    /// Removes a key of this database that has a deadline, as if the deadline had passed, at any
    /// time. Does nothing if the key has no deadline. See [`Server::footprint_of_expiry`] for its
    /// footprint.
    ///
    /// # Panics
    ///
    /// If the database does not exist.
    pub fn pass_deadline(&mut self, database: usize, key: &Bytes) -> Output {
        if self.databases[database].deadline(key).is_some() {
            self.remove_expired(database, key);
        }
        self.flush_broadcasts();
        std::mem::take(&mut self.output)
    }

    /// The earliest time at which a key will have expired; `None` if no key has a deadline.
    pub fn next_expiry(&self) -> Option<Time> {
        let next = self.databases.iter().filter_map(|database| database.next_expiry()).min()?;
        Some(Time::from_millis(u64::try_from(next).unwrap_or(0)))
    }
}
