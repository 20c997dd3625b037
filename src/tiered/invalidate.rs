//! What others have written.

use std::iter;

use super::TieredCache;
use crate::remote::Remote;
use crate::sync::{Entry, Key, Primitives};

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> TieredCache<K, V, R, P> {
    /// The key has been written elsewhere: forgets it, and what is [derived](crate::Builder::derive) from it, and keeps no
    /// older version that is being read or loaded now. To be called after the remote tier has the new version, with what other
    /// nodes tell. It does not touch the remote tier.
    ///
    /// A read that begins after this has returned sees that version, or a newer one.
    pub fn invalidate(&self, key: &K) {
        let derived = self.derived.of(key);
        // As a write does: first the stripes, then the entries. A fill is refused, or is there to be removed.
        for stripe in self.stripes_of(iter::once(key).chain(&derived)) {
            self.stripes[stripe].advance();
        }
        for key in iter::once(key).chain(&derived) {
            self.l1.remove(key);
        }
    }

    /// Any key may have been written elsewhere: empties the local tier, and keeps nothing that is being read or loaded now.
    /// For a node that may have missed what others told. It goes through all stripes, and costs reads nothing.
    pub fn invalidate_all(&self) {
        for stripe in self.stripes.iter() {
            stripe.advance();
        }
        self.l1.clear();
    }
}
