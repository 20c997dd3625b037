//! The names of tiers, by which simulators distinguish the maps of a cache.

/// Names the tier whose entries a [`Map`](super::Map) stores, for a simulator's traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TierName {
    /// The local tier, L1.
    Local,
    /// The remote tier, Redis.
    Remote,
    /// The source of truth behind the remote tier.
    Database,
    /// No tier: a map of this name.
    Other(&'static str),
}

impl TierName {
    /// The tier in traces.
    pub fn as_str(self) -> &'static str {
        match self {
            TierName::Local => "L1",
            TierName::Remote => "redis",
            TierName::Database => "database",
            TierName::Other(name) => name,
        }
    }
}
