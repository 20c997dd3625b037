//! Writes by this process.

use std::iter;
use std::time::Duration;

use super::TieredCache;
use crate::error::{Error, Operation};
use crate::fence::WriteGuard;
use crate::remote::{Change, Outcome, Remote};
use crate::stats::Count;
use crate::sync::{Entry, Key, Primitives};

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> TieredCache<K, V, R, P> {
    /// Sets the key's value, and deletes the keys that are [derived](crate::Builder::derive) from
    /// it.
    ///
    /// # Errors
    ///
    /// An error of the remote tier. The value may have been written, or may still be written later.
    pub async fn set(&self, key: &K, value: &V) -> Result<(), Error<K, R::Error>> {
        let ttl = self.settings.remote_ttl;
        self.write(Operation::Set, key, Change::Set(value, ttl)).await
    }

    /// [`set`](TieredCache::set) with a time to live in the remote tier, which limits the local
    /// one.
    ///
    /// # Errors
    ///
    /// See [`set`](TieredCache::set).
    pub async fn set_with_ttl(&self, key: &K, value: &V, ttl: Duration) -> Result<(), Error<K, R::Error>> {
        self.write(Operation::Set, key, Change::Set(value, Some(ttl))).await
    }

    /// Deletes the key and the keys that are [derived](crate::Builder::derive) from it.
    ///
    /// # Errors
    ///
    /// An error of the remote tier. The key may have been deleted, or may still be deleted later.
    pub async fn delete(&self, key: &K) -> Result<(), Error<K, R::Error>> {
        self.write(Operation::Delete, key, Change::Delete).await
    }

    async fn write(
        &self,
        operation: Operation,
        key: &K,
        change: Change<'_, V>,
    ) -> Result<(), Error<K, R::Error>> {
        let derived = self.derived.of(key);
        let command = async || match (&self.coordinator, change) {
            (Some(_), change) => self.write_on_all_nodes(key, &derived, change).await,
            (None, Change::Set(value, ttl)) => self.remote.set(key, value, ttl).await,
            (None, Change::Delete) => self.remote.delete(key).await,
        };
        // 1. Before the removal: a fill after the removal must find the stripe changed.
        let stripes = self.fence.stripes_of(iter::once(key).chain(&derived));
        let (mut write, may_send) = WriteGuard::open(&self.fence, stripes);
        // 2. Before step 3: a caller that sees the new version must not find the old one here.
        for key in iter::once(key).chain(&derived) {
            self.l1.remove(key);
        }
        if !may_send {
            write.fills_ended(|answer| self.is_lost(answer)).await;
            if write.has_lost() {
                self.settle().await;
            }
        }
        // 3.
        write.mark_sent();
        let mut result = command().await;
        if result.is_ok() && !derived.is_empty() && self.coordinator.is_none() {
            result = self.remote.delete_many(&derived).await;
        }
        // 4.
        let Err(error) = result else {
            write.close();
            return Ok(());
        };
        match self.remote.outcome(&error) {
            Outcome::NotApplied | Outcome::Over => write.close(),
            Outcome::Unknown => drop(write),
        }
        self.counts.add(Count::Error);
        Err(Error::remote(operation, iter::once(key.clone()).chain(derived).collect(), error))
    }
}
