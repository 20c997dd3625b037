//! The flights of all keys.

use std::fmt;
use std::num::NonZeroUsize;

use super::shard::Shard;
use crate::sync::{Mutex, Primitives};

/// The most shards that a table has.
const MAX_SHARDS: usize = 64;

/// The flights of all keys, sharded by stripe; `T` is the result of a flight.
pub(crate) struct FlightTable<K: Send + 'static, T: Send + 'static, P: Primitives> {
    shards: Box<[P::Mutex<Shard<K, T>>]>,
}

impl<K: Eq + Send + 'static, T: Clone + Send + 'static, P: Primitives> FlightTable<K, T, P> {
    /// An empty table for keys of this many stripes.
    pub(crate) fn new(stripes: NonZeroUsize) -> Self {
        let shards = 0..stripes.get().min(MAX_SHARDS);
        FlightTable { shards: shards.map(|_| P::Mutex::new("flights", Shard::new())).collect() }
    }

    /// Calls `action` with the shard of the stripe, under its lock.
    #[track_caller]
    pub(super) fn with<R>(&self, stripe: usize, action: impl FnOnce(&mut Shard<K, T>) -> R) -> R {
        self.shards[stripe % self.shards.len()].with(action)
    }
}

impl<K: Send + 'static, T: Send + 'static, P: Primitives> fmt::Debug for FlightTable<K, T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlightTable").finish_non_exhaustive()
    }
}
