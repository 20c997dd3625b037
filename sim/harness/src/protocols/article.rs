//! The article's cache: write Redis, then drop the local entry.
//!
//! ```text
//! write k:  1 SET k in Redis              read k:  1 L1 hit, not expired: return it
//!           2 remove k from L1                     2 GET k from Redis
//!                                                  3 fill L1; return
//! ```
//!
//! "So that the next local read is strongly consistent." It is not: a reader that misses and reads
//! the old value before step 1 can fill L1 after step 2, and the old value stays until it expires.
//! **Stale**, and **lasting** without a TTL.

use std::fmt;

use selvedge::Remote;
use selvedge::parts::L1;
use selvedge::sync::Primitives;

use super::{CacheUnderTest, Failure, Tiers, unfenced};
use crate::history::{Key, Value};

/// Write Redis, then drop the local entry.
pub struct Article<P: Primitives, R> {
    l1: L1<Key, Value, P>,
    remote: R,
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure>> Article<P, R> {
    /// The cache over these tiers.
    pub fn new(tiers: Tiers<P, R>) -> Self {
        let (l1, remote) = tiers.build();
        Article { l1, remote }
    }
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure> + 'static> CacheUnderTest for Article<P, R> {
    async fn get(&self, key: Key) -> Result<Option<Value>, Failure> {
        unfenced::read(&self.l1, &self.remote, key, key).await
    }

    async fn set(&self, key: Key, value: Value) -> Result<(), Failure> {
        // 1
        self.remote.set(&key, &value, None).await?;
        // 2
        self.l1.remove(&key);
        Ok(())
    }

    async fn delete(&self, key: Key) -> Result<(), Failure> {
        // 1
        self.remote.delete(&key).await?;
        // 2
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

impl<P: Primitives, R> fmt::Debug for Article<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Article").field("l1", &self.l1).finish_non_exhaustive()
    }
}
