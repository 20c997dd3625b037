//! Delete first: drop the local entry, then write Redis.
//!
//! ```text
//! write k:  1 remove k from L1            read k:  1 L1 hit, not expired: return it
//!           2 SET k in Redis                       2 GET k from Redis
//!                                                  3 fill L1; return
//! ```
//!
//! A reader that misses between steps 1 and 2 reads the old value and fills L1 with it, and nothing
//! removes it later. The reader need not be slow. **Stale** and **lasting**.

use std::fmt;

use selvedge::Remote;
use selvedge::parts::L1;
use selvedge::sync::Primitives;

use super::{CacheUnderTest, Failure, Tiers, unfenced};
use crate::history::{Key, Value};

/// Drop the local entry, then write Redis.
pub struct DeleteFirst<P: Primitives, R> {
    l1: L1<Key, Value, P>,
    remote: R,
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure>> DeleteFirst<P, R> {
    /// The cache over these tiers.
    pub fn new(tiers: Tiers<P, R>) -> Self {
        let (l1, remote) = tiers.build();
        DeleteFirst { l1, remote }
    }
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure> + 'static> CacheUnderTest for DeleteFirst<P, R> {
    async fn get(&self, key: Key) -> Result<Option<Value>, Failure> {
        unfenced::read(&self.l1, &self.remote, key, key).await
    }

    async fn set(&self, key: Key, value: Value) -> Result<(), Failure> {
        // 1
        self.l1.remove(&key);
        // 2
        self.remote.set(&key, &value, None).await?;
        Ok(())
    }

    async fn delete(&self, key: Key) -> Result<(), Failure> {
        // 1
        self.l1.remove(&key);
        // 2
        self.remote.delete(&key).await?;
        Ok(())
    }

    fn evict(&self, key: Key) {
        self.l1.remove(&key);
    }

    fn clear(&self) {
        self.l1.clear();
    }
}

impl<P: Primitives, R> fmt::Debug for DeleteFirst<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeleteFirst").field("l1", &self.l1).finish_non_exhaustive()
    }
}
