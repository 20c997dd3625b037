//! An ordinary two-level cache, as a team has one: [moka](moka::sync) in each process, and Redis behind it.
//!
//! Nothing in here knows of Selvedge. `tests/orders.rs` explores it as it is, and finds the stale entry that its steps allow.

use std::time::Duration;

use moka::sync::Cache;
use redis::{AsyncCommands, RedisResult};

/// How long an order stays in the process. Whatever is stale there is so for as long.
const LOCAL_TTL: Duration = Duration::from_secs(300);

/// How long an order stays in Redis, in seconds.
const REDIS_TTL: u64 = 3600;

/// Orders by their number, as text.
#[derive(Debug)]
pub struct Orders<C> {
    local: Cache<String, String>,
    redis: C,
}

impl<C: AsyncCommands + Clone + Sync> Orders<C> {
    /// A cache over this connection.
    pub fn new(redis: C) -> Self {
        let local = Cache::builder().max_capacity(10_000).time_to_live(LOCAL_TTL).build();
        Orders { local, redis }
    }

    /// The order of this number, if there is one.
    ///
    /// # Errors
    ///
    /// Those of Redis.
    pub async fn get(&self, number: u32) -> RedisResult<Option<String>> {
        let key = format!("order:{number}");
        if let Some(order) = self.local.get(&key) {
            return Ok(Some(order));
        }
        let order: Option<String> = self.redis.clone().get(&key).await?;
        if let Some(order) = &order {
            self.local.insert(key, order.clone());
        }
        Ok(order)
    }

    /// Keeps an order.
    ///
    /// # Errors
    ///
    /// Those of Redis.
    pub async fn save(&self, number: u32, order: &str) -> RedisResult<()> {
        let key = format!("order:{number}");
        self.redis.clone().set_ex::<_, _, ()>(&key, order, REDIS_TTL).await?;
        self.local.invalidate(&key);
        Ok(())
    }

    /// Forgets an order.
    ///
    /// # Errors
    ///
    /// Those of Redis.
    pub async fn cancel(&self, number: u32) -> RedisResult<()> {
        let key = format!("order:{number}");
        self.redis.clone().del::<_, ()>(&key).await?;
        self.local.invalidate(&key);
        Ok(())
    }
}
