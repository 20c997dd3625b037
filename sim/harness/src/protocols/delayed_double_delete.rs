//! The delayed double delete: drop the local entry, write Redis, wait, drop the local entry again.
//!
//! ```text
//! write k:  1 remove k from L1            read k:  1 L1 hit, not expired: return it
//!           2 SET k in Redis                       2 GET k from Redis
//!           3 wait                                 3 fill L1; return
//!           4 remove k from L1
//! ```
//!
//! The wait must outlast any reader that read the old value, but its length is a guess: a slower
//! reader fills L1 after step 4. A delay forbids no schedule, so it is modelled as one read of the
//! clock, and as no step if the clock does not advance. **Stale** and **lasting**, like plain
//! cache-aside, at a higher cost.

use std::fmt;

use selvedge::Remote;
use selvedge::parts::L1;
use selvedge::sync::{Clock, Primitives};

use super::{CacheUnderTest, Failure, Tiers, unfenced};
use crate::history::{Key, Value};

/// Drop the local entry, write Redis, wait, drop the local entry again.
pub struct DelayedDoubleDelete<P: Primitives, R> {
    l1: L1<Key, Value, P>,
    remote: R,
    clock: P::Clock,
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure>> DelayedDoubleDelete<P, R> {
    /// The cache over these tiers.
    pub fn new(tiers: Tiers<P, R>) -> Self {
        let clock = tiers.clock.clone();
        let (l1, remote) = tiers.build();
        DelayedDoubleDelete { l1, remote, clock }
    }
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure> + 'static> CacheUnderTest
    for DelayedDoubleDelete<P, R>
{
    async fn get(&self, key: Key) -> Result<Option<Value>, Failure> {
        unfenced::read(&self.l1, &self.remote, key, key).await
    }

    async fn set(&self, key: Key, value: Value) -> Result<(), Failure> {
        // 1
        self.l1.remove(&key);
        // 2
        self.remote.set(&key, &value, None).await?;
        // 3
        self.clock.now();
        // 4
        self.l1.remove(&key);
        Ok(())
    }

    async fn delete(&self, key: Key) -> Result<(), Failure> {
        // 1
        self.l1.remove(&key);
        // 2
        self.remote.delete(&key).await?;
        // 3
        self.clock.now();
        // 4
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

impl<P: Primitives, R> fmt::Debug for DelayedDoubleDelete<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DelayedDoubleDelete").field("l1", &self.l1).finish_non_exhaustive()
    }
}
