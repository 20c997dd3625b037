//! What is done about writes that were lost.

use super::TieredCache;
use crate::remote::Remote;
use crate::sync::{Entry, Key, Primitives};

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> TieredCache<K, V, R, P> {
    /// Asks the remote tier whether the writes that were lost can still come, and keeps reads of their keys locally again if
    /// not. Returns whether nothing that was lost before this call is still to come.
    ///
    /// Reads and writes of such keys do this on their own. It is for who wants to know: after a write that failed, it says
    /// whether the write's outcome is now fixed, so that a `get` tells it.
    pub async fn settle(&self) -> bool {
        // Before the question: it answers for what was lost until it is asked.
        let Some(until) = self.lost.horizon() else { return true };
        let settled = self.remote.settle().await;
        if settled {
            self.lost.settle(until, |stripe| self.stripes[stripe].settle());
        }
        settled
    }
}
