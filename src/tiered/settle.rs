//! Settling lost writes.

use super::TieredCache;
use crate::remote::Remote;
use crate::sync::{Entry, Key, Primitives};

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> TieredCache<K, V, R, P> {
    /// Queries the remote tier whether lost writes can still take effect. If not, reads of their
    /// keys are cached locally again. Returns `true` if no write that was lost before this call can
    /// still take effect.
    ///
    /// Reads and writes of such keys call this themselves. Call it after a failed write to find out
    /// whether its outcome is now fixed; if so, a `get` returns it.
    pub async fn settle(&self) -> bool {
        // Taken before the query, which covers the writes that were lost until then.
        let Some(until) = self.fence.horizon() else { return true };
        let settled = self.remote.settle().await;
        if settled {
            self.fence.settle(until);
        }
        settled
    }
}
