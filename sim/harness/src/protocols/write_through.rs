//! Write through: write Redis, then put the new value in the local tier.
//!
//! ```text
//! write k:  1 SET k in Redis              read k:  1 L1 hit, not expired: return it
//!           2 put the value in L1                  2 GET k from Redis
//!                                                  3 fill L1; return
//! ```
//!
//! Two writers may execute their steps 1 in one order and their steps 2 in the other: L1 then
//! stores the older value. A slow reader's fill can also overwrite the new value. **Stale** and
//! **lasting**.

use std::fmt;

use selvedge::Remote;
use selvedge::parts::L1;
use selvedge::sync::Primitives;

use super::{CacheUnderTest, Failure, Tiers, unfenced};
use crate::history::{Key, Value};

/// Write Redis, then put the new value in the local tier.
pub struct WriteThrough<P: Primitives, R> {
    l1: L1<Key, Value, P>,
    remote: R,
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure>> WriteThrough<P, R> {
    /// The cache over these tiers.
    pub fn new(tiers: Tiers<P, R>) -> Self {
        let (l1, remote) = tiers.build();
        WriteThrough { l1, remote }
    }
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure> + 'static> CacheUnderTest for WriteThrough<P, R> {
    async fn get(&self, key: Key) -> Result<Option<Value>, Failure> {
        unfenced::read(&self.l1, &self.remote, key, key).await
    }

    async fn set(&self, key: Key, value: Value) -> Result<(), Failure> {
        // 1
        self.remote.set(&key, &value, None).await?;
        // 2
        self.l1.insert(key, value, self.l1.deadline());
        Ok(())
    }

    async fn delete(&self, key: Key) -> Result<(), Failure> {
        // 1
        self.remote.delete(&key).await?;
        // 2: there is no value to store.
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

impl<P: Primitives, R> fmt::Debug for WriteThrough<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteThrough").field("l1", &self.l1).finish_non_exhaustive()
    }
}
