//! A custom cache made of closures, for a cache without async.

use std::fmt;

use super::Cache;
use crate::history::{Key, Value};

/// Creates a cache from closures for its three operations. For a cache without async, which then
/// need not implement [`Cache`].
///
/// ```
/// use selvedge_sim::custom::engine::{future::block_on_instrumented as block_on, sync::Mutex};
/// use selvedge_sim::custom::{Setup, check, closures, scenario};
/// use std::collections::BTreeMap;
///
/// // One lock around both tiers: slow, and right.
/// let report = check(
///     scenario("locked", |setup: Setup| {
///         let (local, redis) = (Mutex::new(BTreeMap::new()), setup.redis);
///         closures(
///             (local, redis),
///             |(local, redis), key| {
///                 let mut local = local.lock().unwrap();
///                 let value = local.get(&key).copied().or_else(|| block_on(redis.get(key)))?;
///                 Some(*local.entry(key).or_insert(value))
///             },
///             |(local, redis), key, value| {
///                 let mut local = local.lock().unwrap();
///                 block_on(redis.set(key, value));
///                 local.insert(key, value);
///             },
///             |(local, redis), key| {
///                 let mut local = local.lock().unwrap();
///                 block_on(redis.delete(key));
///                 local.remove(&key);
///             },
///         )
///     })
///     .thread("reader", ["get user:1", "get user:1"])
///     .thread("writer", ["set user:1", "delete user:1"]),
/// );
/// assert_eq!(report.schedules, 6); // the orders of two pairs
/// ```
pub fn closures<T, G, S, D>(cache: T, get: G, set: S, delete: D) -> Closures<T, G, S, D>
where
    T: Send + Sync + 'static,
    G: Fn(&T, Key) -> Option<Value> + Send + Sync + 'static,
    S: Fn(&T, Key, Value) + Send + Sync + 'static,
    D: Fn(&T, Key) + Send + Sync + 'static,
{
    Closures { cache, get, set, delete, evict: None, clear: None }
}

/// A cache made of closures. Created by [`closures`].
pub struct Closures<T, G, S, D> {
    cache: T,
    get: G,
    set: S,
    delete: D,
    evict: Option<Evict<T>>,
    clear: Option<Clear<T>>,
}

type Evict<T> = Box<dyn Fn(&T, Key) + Send + Sync>;
type Clear<T> = Box<dyn Fn(&T) + Send + Sync>;

impl<T, G, S, D> Closures<T, G, S, D> {
    /// Adds the closure that removes a key from the local tier, for `evict KEY` and `told KEY`.
    pub fn with_evict(mut self, evict: impl Fn(&T, Key) + Send + Sync + 'static) -> Self {
        self.evict = Some(Box::new(evict));
        self
    }

    /// Adds the closure that clears the local tier, for `told-all KEY`.
    pub fn with_clear(mut self, clear: impl Fn(&T) + Send + Sync + 'static) -> Self {
        self.clear = Some(Box::new(clear));
        self
    }
}

impl<T, G, S, D> Cache for Closures<T, G, S, D>
where
    T: Send + Sync + 'static,
    G: Fn(&T, Key) -> Option<Value> + Send + Sync + 'static,
    S: Fn(&T, Key, Value) + Send + Sync + 'static,
    D: Fn(&T, Key) + Send + Sync + 'static,
{
    async fn get(&self, key: Key) -> Option<Value> {
        (self.get)(&self.cache, key)
    }

    async fn set(&self, key: Key, value: Value) {
        (self.set)(&self.cache, key, value);
    }

    async fn delete(&self, key: Key) {
        (self.delete)(&self.cache, key);
    }

    fn evict(&self, key: Key) {
        match &self.evict {
            Some(evict) => evict(&self.cache, key),
            None => panic!("the scenario evicts {key} from the local tier: add a closure with `with_evict`"),
        }
    }

    fn clear(&self) {
        match &self.clear {
            Some(clear) => clear(&self.cache),
            None => panic!("the scenario clears the local tier: add a closure with `with_clear`"),
        }
    }
}

impl<T, G, S, D> fmt::Debug for Closures<T, G, S, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closures").finish_non_exhaustive()
    }
}
