//! The interface of a custom cache.

use crate::history::{Key, Value};
use crate::protocols::Failure;

/// A custom cache. An operation is acknowledged when it returns.
///
/// `get`, `set` and `delete` are required. The other methods are for scenarios with such
/// operations, or with a database as the source of truth. For a cache whose operations can fail,
/// use [`Fallible`](super::Fallible).
pub trait Cache: Send + Sync + 'static {
    /// Returns the key's value; `None` if the key is absent.
    fn get(&self, key: Key) -> impl Future<Output = Option<Value>> + Send;

    /// Sets the key's value.
    fn set(&self, key: Key, value: Value) -> impl Future<Output = ()> + Send;

    /// Deletes the key.
    fn delete(&self, key: Key) -> impl Future<Output = ()> + Send;

    /// Returns the key's value, from the source of truth if no tier has it. `get KEY` calls this if
    /// the source of truth is a database. By default: get, load, set.
    ///
    /// # Errors
    ///
    /// The error of `source`, if it fails.
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

    /// Stores a value that `compute` makes of the key's value: `update KEY`. By default: get,
    /// compute, set, which loses updates. The rule [`LostUpdate`](super::Rule::LostUpdate) judges
    /// the content that `compute` last received before the write.
    fn update(
        &self,
        key: Key,
        compute: impl Fn(Option<Value>) -> Value + Send + Sync,
    ) -> impl Future<Output = ()> + Send {
        async move {
            let seen = self.get(key).await;
            self.set(key, compute(seen)).await;
        }
    }

    /// Stores the value if the key still has the content `expected`: `compare-and-set KEY`, which
    /// calls [`get`](Cache::get) before. Returns whether it did; if not, it must write nothing.
    ///
    /// # Panics
    ///
    /// Unless it is implemented.
    fn compare_and_set(
        &self,
        key: Key,
        expected: Option<Value>,
        value: Value,
    ) -> impl Future<Output = bool> + Send {
        let _ = (expected, value);
        async move { panic!("the scenario compares and sets {key}: implement `Cache::compare_and_set`") }
    }

    /// Removes the key from the local tier: `evict KEY`.
    ///
    /// # Panics
    ///
    /// Unless it is implemented.
    fn evict(&self, key: Key) {
        panic!("the scenario evicts {key} from the local tier: implement `Cache::evict`");
    }

    /// Removes all keys from the local tier.
    ///
    /// # Panics
    ///
    /// Unless it is implemented.
    fn clear(&self) {
        panic!("the scenario clears the local tier: implement `Cache::clear`");
    }

    /// Notifies the cache that another node has written the key: `notified KEY`. By default,
    /// [evicts](Cache::evict) the key.
    fn invalidate(&self, key: Key) {
        self.evict(key);
    }

    /// Notifies the cache that another node may have written any key: `notified-all KEY`. By
    /// default, [clears](Cache::clear) the local tier.
    fn invalidate_all(&self) {
        self.clear();
    }
}
