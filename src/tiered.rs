//! The two-level cache.
//!
//! The protocol, whose order matters:
//!
//! ```text
//! write k:  1 open the stripe of k          read k:  1 L1 hit, not expired: return it
//!           2 remove k from L1                       2 read the stripe: token
//!           3 write Redis                            3 read Redis
//!           4 close the stripe                       4 if no write was under way in the token and, under
//!                                                      L1's lock of k, the stripe is still at it: fill L1
//! ```
//!
//! `stripe.rs` argues why no fill outlives a newer write. What steps 2 and 3 of the write add, in this order: once any
//! read has seen the new version in Redis, the old one has left L1 and cannot come back, so that a later read never
//! sees it again. With 2 and 3 swapped it can.

use std::fmt;

use crate::l1::L1;
use crate::options::Options;
use crate::remote::{Found, Remote};
use crate::stripe::Stripes;
use crate::sync::{Entry, Key, Primitives, Std, StdClock};

/// A two-level cache: a process-local tier in front of a [`Remote`] one. Linearizable for one process.
///
/// - A read that returns has the newest acknowledged version of its key, or a version that is being written, and is
///   never older than one that an earlier read returned.
/// - A write of *another* process is seen when the local entry expires: at the latest
///   [`Options::local_ttl`] after it.
/// - A write that answers an error, or whose future is dropped before it ends, may still reach the remote tier at any
///   time. Its stripe stays open: from then on, reads of its key and of those that share its stripe are served by the
///   remote tier and not kept locally. They stay right; they are no longer fast.
///
/// An absent key is not kept locally: each read of it asks the remote tier.
pub struct TieredCache<K: Key, V: Entry, R, P: Primitives = Std> {
    l1: L1<K, V, P>,
    stripes: Stripes<P>,
    remote: R,
}

impl<K: Key, V: Entry, R: Remote<K, V>> TieredCache<K, V, R> {
    /// A cache with an empty local tier, on the primitives and the clock of production.
    pub fn new(remote: R, options: Options) -> Self {
        Self::with_clock(remote, options, StdClock::default())
    }
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> TieredCache<K, V, R, P> {
    /// A cache with an empty local tier, whose entries expire by this clock.
    pub fn with_clock(remote: R, options: Options, clock: P::Clock) -> Self {
        TieredCache { l1: L1::new(clock, options.local_ttl), stripes: Stripes::new(options.stripes), remote }
    }

    /// The key's value; `None` if it has none.
    ///
    /// # Errors
    ///
    /// The remote tier's, if it had to be asked and could not answer.
    pub async fn get(&self, key: &K) -> Result<Option<V>, R::Error> {
        // 1. No stripe is asked: a write takes the entry away before it changes anything.
        if let Some(value) = self.l1.get(key) {
            return Ok(Some(value));
        }
        // 2. Before Redis is asked: a token taken later would not see a write that came in between.
        let stripe = self.stripes.of(key);
        let token = stripe.token();
        // Also before: the entry's age counts from a moment when its value was not yet read.
        let expires_at = self.l1.deadline();
        // 3.
        let Some(Found { value, .. }) = self.remote.get(key).await? else {
            return Ok(None);
        };
        // 4. Under the lock: a write that opens after the check finds the entry and removes it.
        if token.is_closed() {
            self.l1.insert_if(key.clone(), value.clone(), expires_at, || stripe.is_at(token));
        }
        Ok(Some(value))
    }

    /// Gives the key a value.
    ///
    /// # Errors
    ///
    /// The remote tier's. The value may or may not be written then, or be written later.
    pub async fn set(&self, key: &K, value: &V) -> Result<(), R::Error> {
        self.write(key, || self.remote.set(key, value, None)).await
    }

    /// Deletes the key.
    ///
    /// # Errors
    ///
    /// The remote tier's. The key may or may not be deleted then, or be deleted later.
    pub async fn delete(&self, key: &K) -> Result<(), R::Error> {
        self.write(key, || self.remote.delete(key)).await
    }

    /// `command` is called in step 3 and not before: it need not be lazy.
    async fn write<F>(&self, key: &K, command: impl FnOnce() -> F) -> Result<(), R::Error>
    where
        F: Future<Output = Result<(), R::Error>>,
    {
        // 1. Before the removal: a fill that comes after it must find the stripe changed.
        let stripe = self.stripes.of(key);
        stripe.open();
        // 2. Before Redis has the new version: who has seen that must not find the old one here.
        self.l1.remove(key);
        // 3.
        command().await?;
        // 4. Not in a guard's drop: a write that was not acknowledged may still come.
        stripe.close();
        Ok(())
    }

    /// The blocking face of the cache.
    pub fn blocking(&self) -> Blocking<'_, K, V, R, P> {
        Blocking { cache: self }
    }

    /// The local tier, for a simulator to start warm.
    #[doc(hidden)]
    pub fn l1(&self) -> &L1<K, V, P> {
        &self.l1
    }
}

impl<K: Key, V: Entry, R, P: Primitives> fmt::Debug for TieredCache<K, V, R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TieredCache")
            .field("l1", &self.l1)
            .field("stripes", &self.stripes)
            .finish_non_exhaustive()
    }
}

/// The blocking face of a [`TieredCache`]: each call runs on the calling thread until it has ended.
pub struct Blocking<'a, K: Key, V: Entry, R, P: Primitives = Std> {
    cache: &'a TieredCache<K, V, R, P>,
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> Blocking<'_, K, V, R, P> {
    /// [`TieredCache::get`], blocking.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn get(&self, key: &K) -> Result<Option<V>, R::Error> {
        P::block_on(self.cache.get(key))
    }

    /// [`TieredCache::set`], blocking.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn set(&self, key: &K, value: &V) -> Result<(), R::Error> {
        P::block_on(self.cache.set(key, value))
    }

    /// [`TieredCache::delete`], blocking.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn delete(&self, key: &K) -> Result<(), R::Error> {
        P::block_on(self.cache.delete(key))
    }
}

impl<K: Key, V: Entry, R, P: Primitives> fmt::Debug for Blocking<'_, K, V, R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking").field("cache", self.cache).finish()
    }
}

#[cfg(test)]
mod tests;
