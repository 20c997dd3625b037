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
    Closures { cache, get, set, delete, update: None, compare_and_set: None, evict: None, clear: None }
}

/// A cache made of closures. Created by [`closures`].
pub struct Closures<T, G, S, D> {
    cache: T,
    get: G,
    set: S,
    delete: D,
    update: Option<Update<T>>,
    compare_and_set: Option<CompareAndSet<T>>,
    evict: Option<Evict<T>>,
    clear: Option<Clear<T>>,
}

/// The function that computes the new value from the value read.
type Compute<'f> = &'f dyn Fn(Option<Value>) -> Value;
type Update<T> = Box<dyn Fn(&T, Key, Compute<'_>) + Send + Sync>;
type CompareAndSet<T> = Box<dyn Fn(&T, Key, Option<Value>, Value) -> bool + Send + Sync>;
type Evict<T> = Box<dyn Fn(&T, Key) + Send + Sync>;
type Clear<T> = Box<dyn Fn(&T) + Send + Sync>;

impl<T, G, S, D> Closures<T, G, S, D> {
    /// Adds the closure for `update KEY`: it stores the value that its last argument computes from
    /// the key's value. Without it, `update KEY` calls get, then set.
    ///
    /// ```
    /// use selvedge_sim::custom::engine::future::block_on_instrumented as block_on;
    /// use selvedge_sim::custom::{Rule, ScenarioBuilder, Setup, check, closures, scenario};
    ///
    /// fn two_updates<F>(scenario: ScenarioBuilder<F>) -> ScenarioBuilder<F> {
    ///     scenario.thread("one", ["update user:1"]).thread("other", ["update user:1"])
    /// }
    /// let plain = |setup: Setup| {
    ///     closures(
    ///         setup.redis,
    ///         |redis, key| block_on(redis.get(key)),
    ///         |redis, key, value| block_on(redis.set(key, value)),
    ///         |redis, key| block_on(redis.delete(key)),
    ///     )
    /// };
    /// check(two_updates(scenario("get, then set", plain)).violations([Rule::LostUpdate]));
    ///
    /// let repeats = move |setup: Setup| {
    ///     plain(setup).with_update(|redis, key, compute| loop {
    ///         let seen = block_on(redis.get(key));
    ///         if block_on(redis.compare_and_set(key, seen, compute(seen))) {
    ///             break;
    ///         }
    ///     })
    /// };
    /// check(two_updates(scenario("compare and set", repeats)));
    /// ```
    pub fn with_update(mut self, update: impl Fn(&T, Key, Compute<'_>) + Send + Sync + 'static) -> Self {
        self.update = Some(Box::new(update));
        self
    }

    /// Adds the closure for `compare-and-set KEY`: it stores the value if the key still has the
    /// content that it receives before it. Returns whether it did; if not, it must write nothing.
    pub fn with_compare_and_set(
        mut self,
        compare_and_set: impl Fn(&T, Key, Option<Value>, Value) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.compare_and_set = Some(Box::new(compare_and_set));
        self
    }

    /// Adds the closure that removes a key from the local tier, for `evict KEY` and `notified KEY`.
    pub fn with_evict(mut self, evict: impl Fn(&T, Key) + Send + Sync + 'static) -> Self {
        self.evict = Some(Box::new(evict));
        self
    }

    /// Adds the closure that clears the local tier, for `notified-all KEY`.
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

    async fn update(&self, key: Key, compute: impl Fn(Option<Value>) -> Value + Send + Sync) {
        match &self.update {
            Some(update) => update(&self.cache, key, &compute),
            None => (self.set)(&self.cache, key, compute((self.get)(&self.cache, key))),
        }
    }

    async fn compare_and_set(&self, key: Key, expected: Option<Value>, value: Value) -> bool {
        match &self.compare_and_set {
            Some(compare_and_set) => compare_and_set(&self.cache, key, expected, value),
            None => panic!("the scenario compares and sets {key}: add a closure with `with_compare_and_set`"),
        }
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
