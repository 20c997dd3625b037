//! Delete first: drop the local entry, then write Redis.
//!
//! ```text
//! write k:  1 remove k from L1            read k:  1 L1 hit, not expired: return it
//!           2 SET k in Redis                       2 GET k from Redis
//!                                                  3 fill L1; return
//! ```
//!
//! A reader that misses between steps 1 and 2 reads the old value and fills L1 with it, and nothing removes it any more.
//! No slow reader is needed, only one at the wrong moment. **Stale** and **lasting**.

use std::convert::Infallible;
use std::fmt;

use selvedge::Remote;
use selvedge::parts::L1;
use selvedge::sync::Primitives;

use super::{Cache, Tiers, unfenced};
use crate::history::{Key, Value};

/// Drop the local entry, then write Redis.
pub struct DeleteFirst<P: Primitives, R> {
    l1: L1<Key, Value, P>,
    remote: R,
}

impl<P: Primitives, R: Remote<Key, Value, Error = Infallible>> DeleteFirst<P, R> {
    /// The cache over these tiers.
    pub fn new(tiers: Tiers<P, R>) -> Self {
        let (l1, remote) = tiers.build();
        DeleteFirst { l1, remote }
    }
}

impl<P: Primitives, R: Remote<Key, Value, Error = Infallible> + 'static> Cache for DeleteFirst<P, R> {
    async fn get(&self, key: Key) -> Option<Value> {
        unfenced::read(&self.l1, &self.remote, key, key).await
    }

    async fn set(&self, key: Key, value: Value) {
        // 1
        self.l1.remove(&key);
        // 2
        let Ok(()) = self.remote.set(&key, &value, None).await;
    }

    async fn delete(&self, key: Key) {
        // 1
        self.l1.remove(&key);
        // 2
        let Ok(()) = self.remote.delete(&key).await;
    }
}

impl<P: Primitives, R> fmt::Debug for DeleteFirst<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeleteFirst").field("l1", &self.l1).finish_non_exhaustive()
    }
}
