//! The interface of a cache under test.

use std::time::Duration;

use super::Failure;
use crate::history::{Key, Value};

/// A cache under test. An operation that returns `Ok` is acknowledged; one that fails, or whose
/// future is dropped, has an unknown outcome.
pub trait CacheUnderTest: Send + Sync + 'static {
    /// Returns the key's value; `None` if it has none.
    fn get(&self, key: Key) -> impl Future<Output = Result<Option<Value>, Failure>> + Send;

    /// Stores a value for the key.
    fn set(&self, key: Key, value: Value) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Deletes the key.
    fn delete(&self, key: Key) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Returns the key's value, from the source of truth if no tier has it. The default is what
    /// users of a cache without this operation write: get, load, set.
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

    /// Stores a value that `compute` makes of the key's value. The default is what users of a cache
    /// without this operation write: get, compute, set. It is not atomic.
    fn update(
        &self,
        key: Key,
        compute: impl Fn(Option<Value>) -> Value + Send + Sync,
    ) -> impl Future<Output = Result<(), Failure>> + Send {
        async move {
            let seen = self.get(key).await?;
            self.set(key, compute(seen)).await
        }
    }

    /// Stores the value if the key still has the content `expected`. Returns whether it did. The
    /// default is what users of a cache without this operation write: `at_source` compares and sets
    /// at the source of truth, as one command, and the cache is notified of it. It is notified of a
    /// refusal too, whose cause may be an old copy.
    fn compare_and_set<F>(
        &self,
        key: Key,
        expected: Option<Value>,
        value: Value,
        at_source: impl FnOnce() -> F + Send,
    ) -> impl Future<Output = Result<bool, Failure>> + Send
    where
        F: Future<Output = Result<bool, Failure>> + Send,
    {
        let _ = (expected, value);
        async move {
            let is_set = at_source().await;
            self.invalidate(key);
            is_set
        }
    }

    /// Returns the values of several keys, in their order. The default calls `get` for each.
    fn get_many(&self, keys: &[Key]) -> impl Future<Output = Result<Vec<Option<Value>>, Failure>> + Send {
        async move {
            let mut values = Vec::with_capacity(keys.len());
            for &key in keys {
                values.push(self.get(key).await?);
            }
            Ok(values)
        }
    }

    /// Reads the key with the cache's own loader. Required if a scenario calls `load` of a script.
    #[doc(hidden)]
    fn reload(&self, key: Key) -> impl Future<Output = Result<Option<Value>, Failure>> + Send {
        async move { panic!("the case loads {key}, but the cache does not implement `reload`") }
    }

    /// Loads the key again with the cache's own loader. Required if a scenario refreshes.
    fn refresh(&self, key: Key) -> impl Future<Output = Result<(), Failure>> + Send {
        async move { panic!("the case refreshes {key}, but the cache does not implement `refresh`") }
    }

    /// Evicts the key from the local tier. Required if a scenario evicts or notifies.
    fn evict(&self, key: Key) {
        panic!("the case evicts {key} from the local tier, but the cache does not implement `evict`");
    }

    /// Clears the local tier. Required if a scenario notifies of all keys.
    fn clear(&self) {
        panic!("the case clears the local tier, but the cache does not implement `clear`");
    }

    /// Lets the key expire in the cache's own remote tier, if it has one.
    #[doc(hidden)]
    fn expire(&self, _key: Key) {}

    /// Notifies the cache that another node has written the key. The default removes the local
    /// entry.
    fn invalidate(&self, key: Key) {
        self.evict(key);
    }

    /// Notifies the cache that another node may have written any key. The default clears the local
    /// tier.
    fn invalidate_all(&self) {
        self.clear();
    }

    /// Whether the cache itself reads and writes the database behind the remote tier. Otherwise its
    /// caller writes the database and then deletes the key, and passes the loader to `load`.
    fn writes_database(&self) -> bool {
        false
    }

    /// The time on the clock of the cache as a node.
    fn node_time(&self) -> Duration {
        Duration::ZERO
    }

    /// The node's connection for notifications is lost.
    fn lost(&self) {}

    /// The node has a new connection, over which notifications are about to be turned on.
    fn connecting(&self) {}

    /// Notifications are on. `asked` is the time before the command. The default clears the local
    /// tier.
    fn connected(&self, asked: Duration) {
        let _ = asked;
        self.invalidate_all();
    }

    /// The server has answered a command over the node's connection. `asked` is the time before the
    /// command.
    fn heard(&self, asked: Duration) {
        let _ = asked;
    }

    /// The other node has answered the opening of the own write with this number.
    fn answered(&self, write: u64, node: u64) {
        let _ = (write, node);
    }
}
