//! The compared caches.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use clap::ValueEnum;
use dashmap::DashMap;
use selvedge::parts::{Bound, L1};
use selvedge::remote::Found;
use selvedge::sync::{Std, StdClock};
use selvedge::{Remote, TieredCache};

use super::workload::Workload;

/// A cache, in the order of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contender {
    /// The local tier alone.
    SelvedgeL1,
    /// The whole cache, over a remote tier that is empty and replies immediately.
    Selvedge,
    /// moka's synchronous cache.
    Moka,
    /// quick_cache's synchronous cache.
    #[value(name = "quick_cache")]
    QuickCache,
    /// DashMap: a map without eviction.
    #[value(name = "dashmap")]
    DashMap,
    /// A `HashMap` in a mutex: a map without eviction.
    #[value(name = "mutex")]
    MutexHashMap,
}

impl Contender {
    pub(super) const ALL: [Contender; 6] = [
        Contender::SelvedgeL1,
        Contender::Selvedge,
        Contender::Moka,
        Contender::QuickCache,
        Contender::DashMap,
        Contender::MutexHashMap,
    ];

    /// The contenders with an eviction policy.
    pub(super) const WITH_A_POLICY: [Contender; 3] =
        [Contender::SelvedgeL1, Contender::Moka, Contender::QuickCache];

    /// The name in reports and arguments.
    pub(super) fn name(self) -> &'static str {
        match self {
            Contender::SelvedgeL1 => "selvedge-l1",
            Contender::Selvedge => "selvedge",
            Contender::Moka => "moka",
            Contender::QuickCache => "quick_cache",
            Contender::DashMap => "dashmap",
            Contender::MutexHashMap => "mutex",
        }
    }

    /// Whether the contender supports this workload: the local tier has no loads, and writes of the
    /// whole cache depend on the remote tier.
    pub(super) fn supports(self, work: Workload) -> bool {
        match self {
            Contender::SelvedgeL1 => work != Workload::Load,
            Contender::Selvedge => work != Workload::Mixed,
            _ => true,
        }
    }
}

/// Calls the function with the contender's cache type.
macro_rules! with_cache {
    ($contender:expr, $function:ident($($argument:expr),*)) => {
        match $contender {
            Contender::SelvedgeL1 => $function::<contender::Local>($($argument),*),
            Contender::Selvedge => $function::<contender::Tiered>($($argument),*),
            Contender::Moka => $function::<contender::Moka>($($argument),*),
            Contender::QuickCache => $function::<contender::QuickCache>($($argument),*),
            Contender::DashMap => $function::<contender::Sharded>($($argument),*),
            Contender::MutexHashMap => $function::<contender::Locked>($($argument),*),
        }
    };
}
pub(super) use with_cache;

/// A cache of integers.
pub(super) trait BenchCache: Send + Sync {
    /// Creates an empty cache with this capacity and time to live.
    fn new(capacity: u64, ttl: Option<Duration>) -> Self;

    fn get(&self, key: u64) -> Option<u64>;

    fn put(&self, key: u64, value: u64);

    fn remove(&self, key: u64);

    /// Returns the key's value; inserts the key as its own value if there is none.
    fn load(&self, key: u64) -> u64;

    /// Completes deferred maintenance.
    fn settle(&self) {}
}

pub(super) struct Local(L1<u64, u64, Std>);

impl BenchCache for Local {
    fn new(capacity: u64, ttl: Option<Duration>) -> Self {
        Local(L1::new(StdClock::default(), ttl).bounded(Bound::entries(capacity)))
    }

    #[inline]
    fn get(&self, key: u64) -> Option<u64> {
        self.0.get(&key)
    }

    #[inline]
    fn put(&self, key: u64, value: u64) {
        self.0.insert(key, value, self.0.deadline());
    }

    #[inline]
    fn remove(&self, key: u64) {
        self.0.remove(&key);
    }

    /// Not single-flight. [`Contender::supports`] excludes this workload.
    fn load(&self, key: u64) -> u64 {
        self.get(key).unwrap_or_else(|| {
            self.put(key, key);
            key
        })
    }
}

/// A remote tier that is empty and replies immediately.
pub(super) struct Nothing;

impl Remote<u64, u64> for Nothing {
    type Error = Infallible;

    async fn get(&self, _: &u64) -> Result<Option<Found<u64>>, Infallible> {
        Ok(None)
    }

    async fn set(&self, _: &u64, _: &u64, _: Option<Duration>) -> Result<(), Infallible> {
        Ok(())
    }

    async fn delete(&self, _: &u64) -> Result<(), Infallible> {
        Ok(())
    }
}

pub(super) struct Tiered(TieredCache<u64, u64, Nothing>);

impl BenchCache for Tiered {
    fn new(capacity: u64, ttl: Option<Duration>) -> Self {
        let mut builder = TieredCache::builder(Nothing).single_process().max_entries(capacity);
        if let Some(ttl) = ttl {
            builder = builder.local_ttl(ttl);
        }
        Tiered(builder.build())
    }

    /// Polls the future once, without a runtime.
    #[inline]
    fn get(&self, key: u64) -> Option<u64> {
        match pin!(self.0.get(&key)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(value)) => value,
            _ => unreachable!("the remote tier replies immediately and without error"),
        }
    }

    /// Fills instead of writing: only loads insert into the local tier.
    #[inline]
    fn put(&self, key: u64, value: u64) {
        debug_assert_eq!(key, value);
        self.load(key);
    }

    #[inline]
    fn remove(&self, key: u64) {
        self.0.invalidate(&key);
    }

    #[inline]
    fn load(&self, key: u64) -> u64 {
        let loaded = self.0.blocking().get_or_load(&key, || Ok::<_, Infallible>(Some(key)));
        loaded.expect("the loader does not fail").expect("the loader returns a value")
    }
}

pub(super) struct Moka(moka::sync::Cache<u64, u64>);

impl BenchCache for Moka {
    fn new(capacity: u64, ttl: Option<Duration>) -> Self {
        let mut builder = moka::sync::Cache::builder().max_capacity(capacity);
        if let Some(ttl) = ttl {
            builder = builder.time_to_live(ttl);
        }
        Moka(builder.build())
    }

    #[inline]
    fn get(&self, key: u64) -> Option<u64> {
        self.0.get(&key)
    }

    #[inline]
    fn put(&self, key: u64, value: u64) {
        self.0.insert(key, value);
    }

    #[inline]
    fn remove(&self, key: u64) {
        self.0.invalidate(&key);
    }

    #[inline]
    fn load(&self, key: u64) -> u64 {
        self.0.get_with(key, || key)
    }

    fn settle(&self) {
        self.0.run_pending_tasks();
    }
}

pub(super) struct QuickCache(quick_cache::sync::Cache<u64, u64>);

impl BenchCache for QuickCache {
    /// Has no TTL.
    fn new(capacity: u64, _: Option<Duration>) -> Self {
        QuickCache(quick_cache::sync::Cache::new(capacity as usize))
    }

    #[inline]
    fn get(&self, key: u64) -> Option<u64> {
        self.0.get(&key)
    }

    #[inline]
    fn put(&self, key: u64, value: u64) {
        self.0.insert(key, value);
    }

    #[inline]
    fn remove(&self, key: u64) {
        self.0.remove(&key);
    }

    #[inline]
    fn load(&self, key: u64) -> u64 {
        let Ok(value) = self.0.get_or_insert_with(&key, || Ok::<_, Infallible>(key));
        value
    }
}

pub(super) struct Sharded(DashMap<u64, u64>);

impl BenchCache for Sharded {
    /// Has neither a bound nor a TTL.
    fn new(_: u64, _: Option<Duration>) -> Self {
        Sharded(DashMap::new())
    }

    #[inline]
    fn get(&self, key: u64) -> Option<u64> {
        self.0.get(&key).map(|value| *value)
    }

    #[inline]
    fn put(&self, key: u64, value: u64) {
        self.0.insert(key, value);
    }

    #[inline]
    fn remove(&self, key: u64) {
        self.0.remove(&key);
    }

    #[inline]
    fn load(&self, key: u64) -> u64 {
        *self.0.entry(key).or_insert(key)
    }
}

pub(super) struct Locked(Mutex<HashMap<u64, u64>>);

impl Locked {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BenchCache for Locked {
    /// Has neither a bound nor a TTL.
    fn new(_: u64, _: Option<Duration>) -> Self {
        Locked(Mutex::default())
    }

    #[inline]
    fn get(&self, key: u64) -> Option<u64> {
        self.lock().get(&key).copied()
    }

    #[inline]
    fn put(&self, key: u64, value: u64) {
        self.lock().insert(key, value);
    }

    #[inline]
    fn remove(&self, key: u64) {
        self.lock().remove(&key);
    }

    #[inline]
    fn load(&self, key: u64) -> u64 {
        *self.lock().entry(key).or_insert(key)
    }
}

#[cfg(test)]
mod tests {
    use super::super::contender;
    use super::*;

    fn behaves_like_a_cache<C: BenchCache>() {
        let cache = C::new(100, Some(Duration::from_secs(600)));
        assert_eq!(cache.get(1), None);
        cache.put(1, 1);
        assert_eq!((cache.get(1), cache.load(1), cache.load(2), cache.get(2)), (Some(1), 1, 2, Some(2)));
        cache.remove(1);
        cache.settle();
        assert_eq!((cache.get(1), cache.get(2)), (None, Some(2)));
    }

    #[test]
    fn each_contender_behaves_like_a_cache() {
        for contender in Contender::ALL {
            with_cache!(contender, behaves_like_a_cache());
        }
    }
}
