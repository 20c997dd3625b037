//! Writes by other processes.

use std::iter;

use super::TieredCache;
use crate::remote::Remote;
use crate::sync::{Entry, Key, Primitives};

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> TieredCache<K, V, R, P> {
    /// Removes the local entries of the key and of its [derived](crate::Builder::derive) keys after
    /// another process has written the key. Reads and loads in progress do not cache an older
    /// version. Call it after the remote tier has the new version, for example for each
    /// notification from another node. It does not access the remote tier.
    ///
    /// A read that begins after this call returns that version or a newer one.
    pub fn invalidate(&self, key: &K) {
        let derived = self.derived.of(key);
        // In the order of a write: stripes, then entries. A fill is refused, or its entry is
        // removed.
        for stripe in self.fence.stripes_of(iter::once(key).chain(&derived)) {
            self.fence.stripe(stripe).advance();
        }
        for key in iter::once(key).chain(&derived) {
            self.l1.remove(key);
        }
    }

    /// Empties the local tier. Reads and loads in progress cache nothing. For a node that may have
    /// missed notifications. It changes every stripe, and does not slow down reads.
    pub fn invalidate_all(&self) {
        for stripe in self.fence.stripes() {
            stripe.advance();
        }
        self.l1.clear();
    }
}
