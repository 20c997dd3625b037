//! The blocking interface of the cache.

use std::error::Error as StdError;
use std::fmt;
use std::iter;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::TieredCache;
use crate::error::{Error, Operation};
use crate::remote::Remote;
use crate::sync::{Entry, Key, Primitives, Std};

/// The blocking interface of a [`TieredCache`]: each call blocks the calling thread until it
/// completes. Call methods that never wait on the cache itself:
/// [`invalidate`](TieredCache::invalidate), [`stats`](TieredCache::stats) and similar ones.
///
/// On a thread that must not block, a call that has to wait fails with
/// [`Cause::Blocking`](crate::Cause::Blocking), if the remote tier [detects this](Remote::park).
/// For [`remote::Redis`](crate::remote::Redis) that is the thread of tokio's current-thread
/// runtime.
pub struct Blocking<'a, K: Key, V: Entry, R: Remote<K, V>, P: Primitives = Std> {
    pub(super) cache: &'a TieredCache<K, V, R, P>,
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> Blocking<'_, K, V, R, P> {
    /// [`TieredCache::get`], blocking.
    ///
    /// # Errors
    ///
    /// See [`TieredCache::get`].
    pub fn get(&self, key: &K) -> Result<Option<V>, Error<K, R::Error>> {
        self.read(Operation::Get, iter::once(key), self.cache.get(key))
    }

    /// [`TieredCache::get_many`], blocking.
    ///
    /// # Errors
    ///
    /// See [`TieredCache::get_many`].
    pub fn get_many(&self, keys: &[K]) -> Result<Vec<Option<V>>, Error<K, R::Error>> {
        self.read(Operation::Get, keys.iter(), self.cache.get_many(keys))
    }

    /// [`TieredCache::get_or_load`], blocking, with a loader that blocks.
    ///
    /// # Errors
    ///
    /// See [`TieredCache::get_or_load`].
    ///
    /// # Panics
    ///
    /// See [`TieredCache::get_or_load`].
    pub fn get_or_load<E>(
        &self,
        key: &K,
        load: impl FnOnce() -> Result<Option<V>, E>,
    ) -> Result<Option<V>, Error<K, R::Error>>
    where
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let loaded = self.cache.get_or_load(key, || async { load() });
        self.read(Operation::GetOrLoad, iter::once(key), loaded)
    }

    /// [`TieredCache::set`], blocking.
    ///
    /// # Errors
    ///
    /// See [`TieredCache::set`].
    pub fn set(&self, key: &K, value: &V) -> Result<(), Error<K, R::Error>> {
        self.write(Operation::Set, key, self.cache.set(key, value))
    }

    /// [`TieredCache::set_with_ttl`], blocking.
    ///
    /// # Errors
    ///
    /// See [`TieredCache::set_with_ttl`].
    pub fn set_with_ttl(&self, key: &K, value: &V, ttl: Duration) -> Result<(), Error<K, R::Error>> {
        self.write(Operation::Set, key, self.cache.set_with_ttl(key, value, ttl))
    }

    /// [`TieredCache::delete`], blocking.
    ///
    /// # Errors
    ///
    /// See [`TieredCache::delete`].
    pub fn delete(&self, key: &K) -> Result<(), Error<K, R::Error>> {
        self.write(Operation::Delete, key, self.cache.delete(key))
    }

    /// [`TieredCache::settle`], blocking. Also `false` on a thread that must not block.
    pub fn settle(&self) -> bool {
        self.cache.remote.park(|| P::block_on(self.cache.settle())).unwrap_or(false)
    }

    /// Runs a read. A read that completes at its first poll may run on any thread.
    fn read<'k, T>(
        &self,
        operation: Operation,
        keys: impl Iterator<Item = &'k K>,
        read: impl Future<Output = Result<T, Error<K, R::Error>>>,
    ) -> Result<T, Error<K, R::Error>> {
        let mut read = pin!(read);
        if let Poll::Ready(result) = read.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return result;
        }
        let parked = self.cache.remote.park(|| P::block_on(read));
        parked.unwrap_or_else(|reason| Err(Error::blocking(operation, keys.cloned().collect(), reason)))
    }

    /// Runs a write. Sends no command on a thread that must not block.
    fn write(
        &self,
        operation: Operation,
        key: &K,
        write: impl Future<Output = Result<(), Error<K, R::Error>>>,
    ) -> Result<(), Error<K, R::Error>> {
        let parked = self.cache.remote.park(|| P::block_on(write));
        parked.unwrap_or_else(|reason| Err(Error::blocking(operation, [key.clone()].into(), reason)))
    }
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> fmt::Debug for Blocking<'_, K, V, R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking").field("cache", self.cache).finish()
    }
}
