//! The compared clients, with the two measured operations.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::caching::CacheConfig;
use redis::{AsyncConnectionConfig, Client};
use selvedge::TieredCache;
use selvedge::codec::Raw;
use selvedge::remote::{Redis, Remote};

use super::workload::ALL;

/// Timeout of replies and connections, generous for a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client that gets and sets. Clones share its connection.
pub(super) trait Store: Clone + Send + Sync + 'static {
    /// Returns the length of the key's value in bytes.
    fn get(&mut self, key: &Arc<str>) -> impl Future<Output = Option<usize>> + Send;

    fn set(&mut self, key: &Arc<str>, value: &Bytes) -> impl Future<Output = ()> + Send;
}

/// The compared clients, in the order of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contender {
    /// redis-rs alone, the baseline.
    RedisRs,
    /// redis-rs' own client-side caching: the server sends invalidations.
    ClientSideCaching,
    /// Our remote tier alone: the cost of TTLs and settling.
    Remote,
    /// Our cache.
    Tiered,
}

impl Contender {
    pub(super) const ALL: [Contender; 4] =
        [Contender::RedisRs, Contender::ClientSideCaching, Contender::Remote, Contender::Tiered];

    /// The name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Contender::RedisRs => "redis-rs",
            Contender::ClientSideCaching => "redis-rs, caching",
            Contender::Remote => "remote::Redis",
            Contender::Tiered => "TieredCache",
        }
    }
}

/// redis-rs, with or without its cache.
#[derive(Clone)]
pub(super) struct RedisRs(MultiplexedConnection);

impl RedisRs {
    pub(super) async fn plain(url: &str) -> Self {
        RedisRs::connect(url, AsyncConnectionConfig::new()).await
    }

    pub(super) async fn caching(url: &str) -> Self {
        let size = NonZeroUsize::new(ALL).expect("the number of keys is not zero");
        let config = AsyncConnectionConfig::new().set_cache_config(CacheConfig::new().set_size(size));
        RedisRs::connect(&format!("{url}?protocol=resp3"), config).await
    }

    async fn connect(url: &str, config: AsyncConnectionConfig) -> Self {
        let client = Client::open(url).expect("the URL is valid");
        let config = config.set_response_timeout(Some(PATIENCE)).set_connection_timeout(Some(PATIENCE));
        let connection = client.get_multiplexed_async_connection_with_config(&config).await;
        RedisRs(connection.expect("the server accepts connections"))
    }
}

impl Store for RedisRs {
    async fn get(&mut self, key: &Arc<str>) -> Option<usize> {
        let value: Option<Vec<u8>> =
            redis::cmd("GET").arg(&**key).query_async(&mut self.0).await.expect("the server replies");
        value.map(|value| value.len())
    }

    async fn set(&mut self, key: &Arc<str>, value: &Bytes) {
        redis::cmd("SET")
            .arg(&**key)
            .arg(&value[..])
            .exec_async(&mut self.0)
            .await
            .expect("the server replies");
    }
}

/// Creates our remote tier.
pub(super) fn remote(url: &str) -> Redis<Raw> {
    let builder = Redis::builder(url).codec(Raw).command_timeout(PATIENCE).connect_timeout(PATIENCE);
    builder.build().expect("the URL is valid")
}

/// Creates our cache over the remote tier.
pub(super) fn tiered(url: &str) -> TieredCache<Arc<str>, Bytes, Redis<Raw>> {
    TieredCache::builder(remote(url)).single_process().build()
}

impl Store for Arc<Redis<Raw>> {
    async fn get(&mut self, key: &Arc<str>) -> Option<usize> {
        let found = Remote::<Arc<str>, Bytes>::get(&**self, key).await.expect("the server replies");
        found.map(|found| found.value.len())
    }

    async fn set(&mut self, key: &Arc<str>, value: &Bytes) {
        Remote::<Arc<str>, Bytes>::set(&**self, key, value, None).await.expect("the server replies");
    }
}

impl Store for Arc<TieredCache<Arc<str>, Bytes, Redis<Raw>>> {
    async fn get(&mut self, key: &Arc<str>) -> Option<usize> {
        TieredCache::get(self, key).await.expect("the server replies").map(|value| value.len())
    }

    async fn set(&mut self, key: &Arc<str>, value: &Bytes) {
        TieredCache::set(self, key, value).await.expect("the server replies");
    }
}
