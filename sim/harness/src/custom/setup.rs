//! The tiers, the clock and the settings of a custom cache.

use std::time::Duration;

use super::{LocalTier, Redis};
use crate::backends::EngineClock;
use crate::protocols::{Settings, WarmEntry};

/// The tiers, the clock and the settings of a custom cache. The cache need not use all of them.
#[derive(Debug)]
pub struct Setup {
    /// A process-local tier with the scenario's initial contents and expiry.
    pub local: LocalTier,
    /// The remote tier.
    pub redis: Redis,
    /// Virtual time.
    pub clock: EngineClock,
    /// The time to live of a local entry, `None` if unlimited: for a custom local tier.
    pub local_ttl: Option<Duration>,
    /// The initial contents of the local tier: for a custom local tier.
    pub warm: Vec<WarmEntry>,
    /// The scenario's other requirements on the cache: see
    /// [`special`](super::ScenarioBuilder::special) and
    /// [`derived`](super::ScenarioBuilder::derived).
    pub settings: Settings,
    #[cfg(feature = "redis")]
    pub(super) server: super::Server,
}

#[cfg(feature = "redis")]
impl Setup {
    /// Returns a [simulated Redis](selvedge_redis::Redis::explored) with the scenario's initial
    /// contents. It replaces [`redis`](Setup::redis) as the remote tier of a cache over redis-rs.
    /// Each call returns the same server.
    ///
    /// The keys are the scenario's [names](crate::history::Key::name), in database 0. A stored
    /// value must contain the value's [text](crate::history::Value::text), which identifies its
    /// version.
    pub fn server(&self) -> selvedge_redis::Redis {
        self.server.get()
    }

    /// Returns a connection to [`server`](Setup::server), for an async cache over redis-rs.
    pub fn connection(&self) -> selvedge_redis::AsyncConnection {
        self.server().async_connection()
    }
}
