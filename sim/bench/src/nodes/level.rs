//! The levels that are compared.

use std::time::Duration;

use selvedge::TieredCache;
use selvedge::nodes::{Notified, Strict};
use selvedge::remote::Redis;

pub(super) type Cache = TieredCache<String, Vec<u8>, Redis>;

/// A bound and a lease that are longer than a measurement disturbs.
const LONG: Duration = Duration::from_secs(2);

/// What writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// redis-rs, without a cache.
    PlainSet,
    LocalTtl,
    Notified,
    Strict,
}

impl Level {
    pub(super) const ALL: [Level; 4] = [Level::PlainSet, Level::LocalTtl, Level::Notified, Level::Strict];

    pub(super) fn name(self) -> &'static str {
        match self {
            Level::PlainSet => "plain SET",
            Level::LocalTtl => "local_ttl",
            Level::Notified => "Notified",
            Level::Strict => "Strict",
        }
    }

    /// A node at this level; `None` without a cache.
    pub(super) fn node(self, url: &str) -> Option<Cache> {
        let redis = Redis::builder(url).prefix("bench:").build().expect("the URL is valid");
        let builder = TieredCache::builder(redis);
        Some(match self {
            Level::PlainSet => return None,
            Level::LocalTtl => builder.local_ttl(LONG).build(),
            Level::Notified => builder.notified(Notified::within(LONG)).build(),
            Level::Strict => builder.strict(Strict::lease(LONG)).build(),
        })
    }
}
