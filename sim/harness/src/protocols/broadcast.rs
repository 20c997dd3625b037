//! Nodes that the server notifies, with a flaw at the loss of the connection.
//!
//! ```text
//! write k:  1 SET k in Redis       read k:  1 L1 hit: return it       notification of k:
//!           2 generation + 1                2 token = generation        1 generation + 1
//!           3 remove k from L1              3 GET k from Redis          2 remove k from L1
//!                                           4 under k's lock, generation = token: fill L1; return
//! ```
//!
//! The fence refuses a fill that races with a notification. But the notifications that were lost
//! with a connection never arrive. So a node must drop its local tier for each new connection
//! *after* notifications are on again.
//!
//! - Without a rule for the reconnect, as in most pub/sub invalidations, the old value stays:
//!   **lasting**.
//! - If the tier is dropped before notifications are on, a read in between fills L1 with a value
//!   whose next write is not notified: **lasting**, too.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use selvedge::Remote;
use selvedge::parts::L1;
use selvedge::remote::Found;
use selvedge::sync::{AtomicU64, Primitives};

use super::{CacheUnderTest, Failure, Tiers};
use crate::history::{Key, Value};

/// The flaw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing happens at a reconnect.
    NoReconnectRule,
    /// The local tier is dropped before notifications are on again.
    DropsTooEarly,
}

/// A node with this flaw.
pub struct Broadcast<P: Primitives, R> {
    l1: L1<Key, Value, P>,
    remote: R,
    generation: P::AtomicU64,
    flaw: Flaw,
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure>> Broadcast<P, R> {
    /// The cache over these tiers.
    pub fn new(tiers: Tiers<P, R>, flaw: Flaw) -> Self {
        let (l1, remote) = tiers.build();
        Broadcast { l1, remote, generation: P::AtomicU64::new("generation", 0), flaw }
    }

    fn remove(&self, key: Key) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.l1.remove(&key);
    }
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure> + 'static> CacheUnderTest for Broadcast<P, R> {
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
        Ok(Some(value))
    }

    async fn set(&self, key: Key, value: Value) -> Result<(), Failure> {
        self.remote.set(&key, &value, None).await?;
        self.remove(key);
        Ok(())
    }

    async fn delete(&self, key: Key) -> Result<(), Failure> {
        self.remote.delete(&key).await?;
        self.remove(key);
        Ok(())
    }

    fn evict(&self, key: Key) {
        self.l1.remove(&key);
    }

    fn clear(&self) {
        self.l1.clear();
    }

    fn invalidate(&self, key: Key) {
        self.remove(key);
    }

    fn invalidate_all(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.l1.clear();
    }

    fn connecting(&self) {
        if self.flaw == Flaw::DropsTooEarly {
            self.invalidate_all();
        }
    }

    fn connected(&self, _: Duration) {}
}

impl<P: Primitives, R> fmt::Debug for Broadcast<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broadcast").field("l1", &self.l1).field("flaw", &self.flaw).finish_non_exhaustive()
    }
}
