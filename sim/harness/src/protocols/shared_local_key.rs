//! The article's cache with a wrong key mapping: the local key lacks the id.
//!
//! ```text
//! write k:  1 SET k in Redis              read k:  1 L1 hit, not expired: return it
//!           2 remove k from L1                     2 GET k from Redis
//!                                                  3 fill L1; return
//! ```
//!
//! The steps are the article's, but L1 stores both `user:1` and `user:2` as `user`: user A sees
//! user B's orders. **Crossed**, in one thread, without a race.

use std::fmt;

use selvedge::Remote;
use selvedge::parts::L1;
use selvedge::sync::Primitives;

use super::{CacheUnderTest, Failure, Tiers, unfenced};
use crate::history::{Key, Value};

/// The article's cache, with one local entry for all keys of a kind.
pub struct SharedLocalKey<P: Primitives, R> {
    l1: L1<Key, Value, P>,
    remote: R,
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure>> SharedLocalKey<P, R> {
    /// The cache over these tiers.
    pub fn new(tiers: Tiers<P, R>) -> Self {
        let (l1, remote) = tiers.build_keyed(local_key);
        SharedLocalKey { l1, remote }
    }
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure> + 'static> CacheUnderTest
    for SharedLocalKey<P, R>
{
    async fn get(&self, key: Key) -> Result<Option<Value>, Failure> {
        unfenced::read(&self.l1, &self.remote, key, local_key(key)).await
    }

    async fn set(&self, key: Key, value: Value) -> Result<(), Failure> {
        // 1
        self.remote.set(&key, &value, None).await?;
        // 2
        self.l1.remove(&local_key(key));
        Ok(())
    }

    async fn delete(&self, key: Key) -> Result<(), Failure> {
        // 1
        self.remote.delete(&key).await?;
        // 2
        self.l1.remove(&local_key(key));
        Ok(())
    }

    fn evict(&self, key: Key) {
        self.l1.remove(&local_key(key));
    }

    fn clear(&self) {
        self.l1.clear();
    }
}

impl<P: Primitives, R> fmt::Debug for SharedLocalKey<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedLocalKey").field("l1", &self.l1).finish_non_exhaustive()
    }
}

/// The key's name up to the first colon: `user` for `user:1`.
fn local_key(key: Key) -> Key {
    let name = key.name();
    Key::new(name.split_once(':').map_or(name, |(kind, _id)| kind))
}
