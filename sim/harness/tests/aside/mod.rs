//! The article's cache as a custom cache, for several tests.

use selvedge_sim::custom::{Cache, Key, LocalTier, Redis, Setup, Value};

/// The article's cache, implemented again.
pub(crate) struct Aside {
    pub(crate) local: LocalTier,
    pub(crate) redis: Redis,
}

impl Aside {
    pub(crate) fn new(Setup { local, redis, .. }: Setup) -> Self {
        Aside { local, redis }
    }
}

impl Cache for Aside {
    async fn get(&self, key: Key) -> Option<Value> {
        if let Some(value) = self.local.get(key) {
            return Some(value);
        }
        let value = self.redis.get(key).await?;
        self.local.insert(key, value);
        Some(value)
    }

    async fn set(&self, key: Key, value: Value) {
        self.redis.set(key, value).await;
        self.local.remove(key);
    }

    async fn delete(&self, key: Key) {
        self.redis.delete(key).await;
        self.local.remove(key);
    }

    fn evict(&self, key: Key) {
        self.local.remove(key);
    }

    fn clear(&self) {
        self.local.clear();
    }
}
