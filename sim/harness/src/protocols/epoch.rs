//! Epochs: a generation fences fills, but writes do not announce an intent.
//!
//! ```text
//! write k:  1 SET k in Redis              read k:  1 L1 hit, not expired: return it
//!           2 generation + 1                       2 token = generation
//!           3 remove k from L1                     3 GET k from Redis
//!                                                  4 under k's lock, generation = token: fill L1
//!                                                  5 return
//! ```
//!
//! Never stale: the generation of step 2 refuses a fill that comes after the removal of step 3. But
//! between steps 1 and 2 one reader can return the new value while another fills L1 with the old
//! one, so that a later read returns the older version: **inverted**. The write intent is missing:
//! a generation *before* the write of Redis.

use std::fmt;
use std::sync::atomic::Ordering;

use selvedge::Remote;
use selvedge::parts::L1;
use selvedge::remote::Found;
use selvedge::sync::{AtomicU64, Primitives};

use super::{CacheUnderTest, Failure, Tiers};
use crate::history::{Key, Value};

/// A generation fences fills; writes do not announce an intent.
pub struct Epoch<P: Primitives, R> {
    l1: L1<Key, Value, P>,
    remote: R,
    generation: P::AtomicU64,
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure>> Epoch<P, R> {
    /// The cache over these tiers.
    pub fn new(tiers: Tiers<P, R>) -> Self {
        let (l1, remote) = tiers.build();
        Epoch { l1, remote, generation: P::AtomicU64::new("generation", 0) }
    }
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure> + 'static> CacheUnderTest for Epoch<P, R> {
    async fn get(&self, key: Key) -> Result<Option<Value>, Failure> {
        // 1
        if let Some(value) = self.l1.get(&key) {
            return Ok(Some(value));
        }
        // 2
        let token = self.generation.load(Ordering::Acquire);
        // 3
        let Some(Found { value, .. }) = self.remote.get(&key).await? else { return Ok(None) };
        // 4
        let expires_at = self.l1.deadline();
        self.l1.insert_if(key, value, expires_at, || self.generation.load(Ordering::Acquire) == token);
        // 5
        Ok(Some(value))
    }

    async fn set(&self, key: Key, value: Value) -> Result<(), Failure> {
        // 1
        self.remote.set(&key, &value, None).await?;
        // 2
        self.generation.fetch_add(1, Ordering::AcqRel);
        // 3
        self.l1.remove(&key);
        Ok(())
    }

    async fn delete(&self, key: Key) -> Result<(), Failure> {
        // 1
        self.remote.delete(&key).await?;
        // 2
        self.generation.fetch_add(1, Ordering::AcqRel);
        // 3
        self.l1.remove(&key);
        Ok(())
    }

    fn evict(&self, key: Key) {
        self.l1.remove(&key);
    }

    fn clear(&self) {
        self.l1.clear();
    }
}

impl<P: Primitives, R> fmt::Debug for Epoch<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Epoch").field("l1", &self.l1).finish_non_exhaustive()
    }
}
