//! What a cache of one's own has to do.

use crate::history::{Key, Value};
use crate::protocols::Failure;

/// A cache of one's own. An operation that ends was acknowledged.
///
/// It needs the first three. The others are for scenarios that have such operations, or a database as the source of truth. A
/// cache whose operations fail is [`Fallible`](super::Fallible).
pub trait Cache: Send + Sync + 'static {
    /// The key's value; `None` if it has none.
    fn get(&self, key: Key) -> impl Future<Output = Option<Value>> + Send;

    /// Gives the key a value.
    fn set(&self, key: Key, value: Value) -> impl Future<Output = ()> + Send;

    /// Deletes the key.
    fn delete(&self, key: Key) -> impl Future<Output = ()> + Send;

    /// The key's value, from the source of truth if no tier has it: what `get KEY` calls where the source is a database.
    /// Unless it is written otherwise: get, load, set.
    ///
    /// # Errors
    ///
    /// What the source came to, if it failed.
    fn load<F>(
        &self,
        key: Key,
        source: impl FnOnce() -> F + Send,
    ) -> impl Future<Output = Result<Option<Value>, Failure>> + Send
    where
        F: Future<Output = Result<Option<Value>, Failure>> + Send,
    {
        async move {
            if let Some(value) = self.get(key).await {
                return Ok(Some(value));
            }
            let loaded = source().await?;
            if let Some(value) = loaded {
                self.set(key, value).await;
            }
            Ok(loaded)
        }
    }

    /// The key leaves the local tier: `evict KEY`.
    ///
    /// # Panics
    ///
    /// Unless it is written.
    fn evict(&self, key: Key) {
        panic!("the scenario takes {key} out of the local tier, and the cache has no `evict`");
    }

    /// Everything leaves the local tier.
    ///
    /// # Panics
    ///
    /// Unless it is written.
    fn clear(&self) {
        panic!("the scenario empties the local tier, and the cache has no `clear`");
    }

    /// Another node has written the key: `told KEY`. Unless it is written otherwise, the key is [evicted](Cache::evict).
    fn invalidate(&self, key: Key) {
        self.evict(key);
    }

    /// Another node may have written any key: `told-all KEY`. Unless it is written otherwise, the local tier is
    /// [emptied](Cache::clear).
    fn invalidate_all(&self) {
        self.clear();
    }
}
