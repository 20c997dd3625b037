//! Selvedge's own cache, as a cache under test. Its steps are in the header of the core's `tiered.rs`.

use std::convert::Infallible;
use std::num::NonZeroUsize;

use selvedge::parts::Kept;
use selvedge::sync::Primitives;
use selvedge::{Builder, Remote, TieredCache};

use super::{Cache, Tiers, WarmEntry};
use crate::history::{Key, Value};

/// Few, since each execution makes them anew.
const STRIPES: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// The cache over these tiers.
pub fn build<P: Primitives, R: Remote<Key, Value, Error = Infallible>>(
    tiers: Tiers<P, R>,
) -> TieredCache<Key, Value, R, P> {
    let Tiers { remote, clock, local_ttl, warm } = tiers;
    let mut builder = Builder::new(remote).stripes(STRIPES);
    if let Some(ttl) = local_ttl {
        builder = builder.local_ttl(ttl);
    }
    let cache = builder.build_with_clock(clock);
    for WarmEntry { key, value, expires_at } in warm {
        cache.l1().insert(key, Kept::Value(value), expires_at);
    }
    cache
}

impl<P: Primitives, R: Remote<Key, Value, Error = Infallible> + 'static> Cache
    for TieredCache<Key, Value, R, P>
{
    async fn get(&self, key: Key) -> Option<Value> {
        self.get(&key).await.expect("the remote tier does not fail")
    }

    async fn set(&self, key: Key, value: Value) {
        self.set(&key, &value).await.expect("the remote tier does not fail");
    }

    async fn delete(&self, key: Key) {
        self.delete(&key).await.expect("the remote tier does not fail");
    }
}
