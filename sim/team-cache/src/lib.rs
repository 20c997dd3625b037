//! A typical two-level cache: [moka](moka::sync) in each process, and Redis behind it.
//!
//! This crate does not depend on Selvedge. `tests/orders.rs` explores it unmodified, and finds a
//! stale entry.

use std::time::Duration;

use moka::sync::Cache;
use redis::{AsyncCommands, RedisResult};

/// Time to live of an order in the process. It bounds how long a stale entry remains.
const LOCAL_TTL: Duration = Duration::from_secs(300);

/// Time to live of an order in Redis, in seconds.
const REDIS_TTL: u64 = 3600;

/// A cache of orders, as text by number.
#[derive(Debug)]
pub struct Orders<C> {
    local: Cache<String, String>,
    redis: C,
}

impl<C: AsyncCommands + Clone + Sync> Orders<C> {
    /// Creates a cache over this connection.
    pub fn new(redis: C) -> Self {
        let local = Cache::builder().max_capacity(10_000).time_to_live(LOCAL_TTL).build();
        Orders { local, redis }
    }

    /// The order with this number, if any.
    ///
    /// # Errors
    ///
    /// If a Redis command fails.
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

    /// Stores an order.
    ///
    /// # Errors
    ///
    /// If a Redis command fails.
    pub async fn save(&self, number: u32, order: &str) -> RedisResult<()> {
        let key = format!("order:{number}");
        self.redis.clone().set_ex::<_, _, ()>(&key, order, REDIS_TTL).await?;
        self.local.invalidate(&key);
        Ok(())
    }

    /// Removes an order.
    ///
    /// # Errors
    ///
    /// If a Redis command fails.
    pub async fn cancel(&self, number: u32) -> RedisResult<()> {
        let key = format!("order:{number}");
        self.redis.clone().del::<_, ()>(&key).await?;
        self.local.invalidate(&key);
        Ok(())
    }
}
