//! Selvedge's own cache as a cache under test. Its steps are in the header of the core's
//! `tiered.rs`.

use std::num::NonZeroUsize;
use std::time::Duration;

use selvedge::nodes::{Notified, Strict};
use selvedge::parts::Lookup;
use selvedge::sync::Primitives;
use selvedge::{Builder, Cause, Error, Remote, RemoteFailure, TieredCache};

use super::{CacheUnderTest, Failure, Tiers, WarmEntry};
use crate::history::{Key, Value};

/// Few, because each execution creates them.
const STRIPES: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// One, because each reconnect of a node changes them all.
const STRIPES_OF_NODE: NonZeroUsize = NonZeroUsize::new(1).unwrap();

/// The cache over these tiers.
pub fn build<P: Primitives, R: Remote<Key, Value, Error = Failure>>(
    tiers: Tiers<P, R>,
) -> TieredCache<Key, Value, R, P> {
    let Tiers { remote, clock, local_ttl, warm, settings, coordinator } = tiers;
    let builder = Builder::new(remote);
    let builder = match (settings.notified, coordinator) {
        (None, _) => builder.single_process(),
        (Some(bound), None) => builder.notified_by_caller(Notified::within(bound)),
        (Some(lease), Some(coordinator)) => builder.strict_by_caller(Strict::lease(lease), coordinator),
    };
    let mut builder = builder.stripes(if settings.notified.is_some() { STRIPES_OF_NODE } else { STRIPES });
    if let Some(ttl) = local_ttl {
        builder = builder.local_ttl(ttl);
    }
    if let Some(ttl) = settings.absent_ttl {
        builder = builder.absent_ttl(ttl);
    }
    if settings.passes_over {
        builder = builder.remote_failure(RemoteFailure::Load);
    }
    if settings.one_entry {
        builder = builder.max_entries(1);
    }
    if !settings.derived.is_empty() {
        builder = builder.derive(move |key| settings.derived.get(key).cloned().unwrap_or_default());
    }
    let cache = builder.build_with_clock(clock);
    if let Some(node) = cache.node() {
        node.connected(node.now());
    }
    for WarmEntry { key, value, expires_at } in warm {
        cache.l1().insert(key, Lookup::Value(value), expires_at);
    }
    cache
}

/// The simulated failure behind an error of the cache.
fn failure(error: Error<Key, Failure>) -> Failure {
    match error.cause() {
        Cause::Remote(failure) => **failure,
        Cause::Loader(error) => *error.downcast_ref().expect("the world's loaders fail in one way"),
        Cause::Blocking(reason) => panic!("the blocking face was not called, and says: {reason}"),
    }
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure> + 'static> CacheUnderTest
    for TieredCache<Key, Value, R, P>
{
    async fn get(&self, key: Key) -> Result<Option<Value>, Failure> {
        self.get(&key).await.map_err(failure)
    }

    async fn set(&self, key: Key, value: Value) -> Result<(), Failure> {
        self.set(&key, &value).await.map_err(failure)
    }

    async fn delete(&self, key: Key) -> Result<(), Failure> {
        self.delete(&key).await.map_err(failure)
    }

    async fn load<F>(&self, key: Key, source: impl FnOnce() -> F + Send) -> Result<Option<Value>, Failure>
    where
        F: Future<Output = Result<Option<Value>, Failure>> + Send,
    {
        self.get_or_load(&key, source).await.map_err(failure)
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Value>>, Failure> {
        self.get_many(keys).await.map_err(failure)
    }

    fn evict(&self, key: Key) {
        self.l1().remove(&key);
    }

    fn clear(&self) {
        self.l1().clear();
    }

    fn invalidate(&self, key: Key) {
        match self.node() {
            None => self.invalidate(&key),
            Some(node) => node.notified(&key),
        }
    }

    fn invalidate_all(&self) {
        match self.node() {
            None => self.invalidate_all(),
            Some(node) => node.notified_all(),
        }
    }

    fn node_time(&self) -> Duration {
        self.node().map_or(Duration::ZERO, |node| node.now())
    }

    fn lost(&self) {
        if let Some(node) = self.node() {
            node.lost();
        }
    }

    fn connected(&self, asked: Duration) {
        if let Some(node) = self.node() {
            node.connected(asked);
        }
    }

    fn heard(&self, asked: Duration) {
        if let Some(node) = self.node() {
            node.heard(asked);
        }
    }

    fn answered(&self, write: u64, other: u64) {
        if let Some(node) = self.node() {
            node.answered(write, other);
        }
    }
}
