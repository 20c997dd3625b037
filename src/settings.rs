//! The settings of a cache.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::nodes::{Notified, Strict};

/// The settings that do not depend on the types of a cache.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) local_ttl: Option<Duration>,
    pub(crate) absent_ttl: Option<Duration>,
    pub(crate) remote_ttl: Option<Duration>,
    pub(crate) stripes: NonZeroUsize,
    pub(crate) remote_failure: RemoteFailure,
    pub(crate) level: Level,
}

/// The level of consistency between processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Level {
    #[default]
    SingleProcess,
    Notified(Notified),
    Strict(Strict),
}

impl Settings {
    /// The length of the node's leases; zero if the level is not `Strict`.
    pub(crate) fn lease(&self) -> Duration {
        match self.level {
            Level::Strict(level) => level.length(),
            Level::SingleProcess | Level::Notified(_) => Duration::ZERO,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            local_ttl: None,
            absent_ttl: None,
            remote_ttl: None,
            stripes: const { NonZeroUsize::new(1024).unwrap() },
            remote_failure: RemoteFailure::default(),
            level: Level::SingleProcess,
        }
    }
}

/// What [`get_or_load`](crate::TieredCache::get_or_load) does if the remote tier fails to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RemoteFailure {
    /// It fails too.
    #[default]
    Fail,
    /// It calls the loader, and stores the result locally.
    ///
    /// Only for loaders that read a source of truth to which each write goes first. If the remote
    /// tier itself is the source of truth, the loader does not see its writes.
    ///
    /// No read is stale. But between a write of the source and the
    /// [deletion](crate::TieredCache::delete) of the key here, a read that bypasses the remote tier
    /// may see the new version, and a later read that does not may see the old one.
    Load,
}
