//! The blocking face of the cache.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use super::TieredCache;
use crate::error::Error;
use crate::remote::Remote;
use crate::sync::{Entry, Key, Primitives, Std};

/// The blocking face of a [`TieredCache`]: each call runs on the calling thread until it has ended. What does not wait is
/// called on the cache itself: [`invalidate`](TieredCache::invalidate), [`stats`](TieredCache::stats) and their like.
pub struct Blocking<'a, K: Key, V: Entry, R: Remote<K, V>, P: Primitives = Std> {
    pub(super) cache: &'a TieredCache<K, V, R, P>,
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> Blocking<'_, K, V, R, P> {
    /// [`TieredCache::get`], blocking.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn get(&self, key: &K) -> Result<Option<V>, Error<K, R::Error>> {
        P::block_on(self.cache.get(key))
    }

    /// [`TieredCache::get_many`], blocking.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn get_many(&self, keys: &[K]) -> Result<Vec<Option<V>>, Error<K, R::Error>> {
        P::block_on(self.cache.get_many(keys))
    }

    /// [`TieredCache::get_or_load`], blocking, with a loader that blocks.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// As there.
    pub fn get_or_load<E>(
        &self,
        key: &K,
        load: impl FnOnce() -> Result<Option<V>, E>,
    ) -> Result<Option<V>, Error<K, R::Error>>
    where
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        P::block_on(self.cache.get_or_load(key, || async { load() }))
    }

    /// [`TieredCache::set`], blocking.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn set(&self, key: &K, value: &V) -> Result<(), Error<K, R::Error>> {
        P::block_on(self.cache.set(key, value))
    }

    /// [`TieredCache::set_with_ttl`], blocking.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn set_with_ttl(&self, key: &K, value: &V, ttl: Duration) -> Result<(), Error<K, R::Error>> {
        P::block_on(self.cache.set_with_ttl(key, value, ttl))
    }

    /// [`TieredCache::delete`], blocking.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn delete(&self, key: &K) -> Result<(), Error<K, R::Error>> {
        P::block_on(self.cache.delete(key))
    }

    /// [`TieredCache::settle`], blocking.
    pub fn settle(&self) -> bool {
        P::block_on(self.cache.settle())
    }
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> fmt::Debug for Blocking<'_, K, V, R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking").field("cache", self.cache).finish()
    }
}
