//! What a cache of one's own is built on.

use std::time::Duration;

use super::{LocalTier, Redis};
use crate::backends::EngineClock;
use crate::protocols::{Settings, WarmEntry};

/// What a cache of one's own is built on. It may leave what it does not need.
#[derive(Debug)]
pub struct Setup {
    /// A process-local tier that holds what the scenario says, and lets entries expire as it says.
    pub local: LocalTier,
    /// The remote tier.
    pub redis: Redis,
    /// Virtual time.
    pub clock: EngineClock,
    /// How long a local entry lives, `None` for ever: for a local tier of one's own.
    pub local_ttl: Option<Duration>,
    /// What the local tier holds at the start: for a local tier of one's own.
    pub warm: Vec<WarmEntry>,
    /// What the scenario wants of the cache besides: see [`special`](super::ScenarioBuilder::special) and
    /// [`derived`](super::ScenarioBuilder::derived).
    pub settings: Settings,
    #[cfg(feature = "redis")]
    pub(super) server: super::Server,
}

#[cfg(feature = "redis")]
impl Setup {
    /// A [simulated Redis](selvedge_redis::Redis::explored) with what the scenario says, as the remote tier instead of
    /// [`redis`](Setup::redis): for a cache that is written for redis-rs. It is the same one each time.
    ///
    /// The keys are the scenario's, by their [names](crate::history::Key::name), in database 0. What they hold has to contain the
    /// [text](crate::history::Value::text) of the value: how else would one tell which version it is?
    pub fn server(&self) -> selvedge_redis::Redis {
        self.server.get()
    }

    /// A connection to [`server`](Setup::server): what an async cache over redis-rs is made of.
    pub fn connection(&self) -> selvedge_redis::AsyncConnection {
        self.server().async_connection()
    }
}
