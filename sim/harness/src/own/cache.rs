//! What a cache of one's own has to do.

use selvedge::TieredCache;

use super::Redis;
use crate::backends::Engine;
use crate::history::{Key, Value};
use crate::protocols::{self, Failure};

/// A cache of one's own. An operation that ends was acknowledged.
pub trait Cache: Send + Sync + 'static {
    /// The key's value; `None` if it has none.
    fn get(&self, key: Key) -> impl Future<Output = Option<Value>> + Send;

    /// Gives the key a value.
    fn set(&self, key: Key, value: Value) -> impl Future<Output = ()> + Send;

    /// Deletes the key.
    fn delete(&self, key: Key) -> impl Future<Output = ()> + Send;
}

impl Cache for TieredCache<Key, Value, Redis, Engine> {
    async fn get(&self, key: Key) -> Option<Value> {
        self.get(&key).await.expect("its remote tier does not fail")
    }

    async fn set(&self, key: Key, value: Value) {
        self.set(&key, &value).await.expect("its remote tier does not fail");
    }

    async fn delete(&self, key: Key) {
        self.delete(&key).await.expect("its remote tier does not fail");
    }
}

/// A cache of one's own as one under test.
pub(super) struct Own<C> {
    pub(super) cache: C,
    #[cfg(feature = "redis")]
    pub(super) server: super::Server,
}

impl<C> Own<C> {
    /// An operation begins.
    fn begin(&self) -> &C {
        #[cfg(feature = "redis")]
        self.server.begin_operation();
        &self.cache
    }
}

impl<C: Cache> protocols::Cache for Own<C> {
    async fn get(&self, key: Key) -> Result<Option<Value>, Failure> {
        Ok(self.begin().get(key).await)
    }

    async fn set(&self, key: Key, value: Value) -> Result<(), Failure> {
        self.begin().set(key, value).await;
        Ok(())
    }

    async fn delete(&self, key: Key) -> Result<(), Failure> {
        self.begin().delete(key).await;
        Ok(())
    }
}
