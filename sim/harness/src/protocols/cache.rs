//! What a cache under test can do.

use super::Failure;
use crate::history::{Key, Value};

/// A cache under test. An operation that ends with `Ok` was acknowledged; one that fails, or whose future is dropped, has an
/// unknown outcome.
pub trait Cache: Send + Sync + 'static {
    /// The key's value; `None` if it has none.
    fn get(&self, key: Key) -> impl Future<Output = Result<Option<Value>, Failure>> + Send;

    /// Gives the key a value.
    fn set(&self, key: Key, value: Value) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Deletes the key.
    fn delete(&self, key: Key) -> impl Future<Output = Result<(), Failure>> + Send;

    /// The key's value, from the source of truth if no tier has it. What people write who have no such operation: get, load,
    /// set.
    fn load<F>(
        &self,
        key: Key,
        source: impl FnOnce() -> F + Send,
    ) -> impl Future<Output = Result<Option<Value>, Failure>> + Send
    where
        F: Future<Output = Result<Option<Value>, Failure>> + Send,
    {
        async move {
            if let Some(value) = self.get(key).await? {
                return Ok(Some(value));
            }
            let loaded = source().await?;
            if let Some(value) = loaded {
                self.set(key, value).await?;
            }
            Ok(loaded)
        }
    }

    /// The values of several keys, in their order. What people write who have no such operation: one get after the other.
    fn get_many(&self, keys: &[Key]) -> impl Future<Output = Result<Vec<Option<Value>>, Failure>> + Send {
        async move {
            let mut values = Vec::with_capacity(keys.len());
            for &key in keys {
                values.push(self.get(key).await?);
            }
            Ok(values)
        }
    }

    /// The local tier makes room: the key leaves it. To be there where a scenario evicts, or another node tells.
    fn evict(&self, key: Key) {
        panic!("the case takes {key} out of the local tier, and the cache has no `evict`");
    }

    /// Everything leaves the local tier. To be there where another node tells.
    fn clear(&self) {
        panic!("the case empties the local tier, and the cache has no `clear`");
    }

    /// The key's deadline passes in a remote tier that the cache has of its own. Nothing, where it has none.
    #[doc(hidden)]
    fn expire(&self, _key: Key) {}

    /// Another node has written the key. What people write: the local entry is dropped.
    fn invalidate(&self, key: Key) {
        self.evict(key);
    }

    /// Any key may have been written by another node. What people write: the local tier is emptied.
    fn invalidate_all(&self) {
        self.clear();
    }
}
