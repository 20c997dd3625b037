//! What a cache of one's own is built on.

use std::time::Duration;

use super::{LocalTier, Redis};
use crate::backends::EngineClock;
use crate::protocols::WarmEntry;

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
}
