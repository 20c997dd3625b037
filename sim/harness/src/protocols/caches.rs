//! The set of caches that scenarios can name.

use selvedge::Remote;
use selvedge::sync::Primitives;

use super::{CacheUnderTest, Failure, Tiers};
use crate::history::{Key, Value};
use crate::scenario::{Ability, Known};

/// A set of caches under test; each value is one of them. [`Protocol`](super::Protocol) has the
/// shipped ones. Implement it for custom caches.
pub trait Caches: Copy + Send + Sync + 'static {
    /// Every cache.
    const ALL: &'static [Self];

    /// Whether to build them for loom and shuttle too. With many caches, this dominates the build
    /// time.
    const ON_PEERS: bool = true;

    /// Whether [`Engine::Auto`](crate::verdict::Engine::Auto) may use a stateful search. Requires
    /// that all shared and retained state of the caches is in the given primitives and the remote
    /// tier. A stateful search sees nothing else: it would treat different states as equal.
    const BY_STATES: bool = false;

    /// Whether the caches only store values, return them and compare them for equality. A stateful
    /// search then treats two states as equal if they differ only by an exchange of symmetric
    /// threads and the values that these have written.
    const VALUES_ARE_OPAQUE: bool = false;

    /// The cache's unique name in scenarios and reports.
    fn name(self) -> &'static str;

    /// What the cache supports beyond `get`, `set` and `delete`. A scenario that requires anything
    /// else is rejected when it is read: if the cache ignored it, the verdict would belong to
    /// another case.
    fn abilities(self) -> &'static [Ability] {
        &[]
    }

    /// Builds the cache over these tiers and passes it to the visitor. Call it in an execution of
    /// `P`'s engine, before its threads are spawned: it fills the local tier.
    fn build<P, R, V>(self, tiers: Tiers<P, R>, visitor: V) -> V::Output
    where
        P: Primitives,
        R: Remote<Key, Value, Error = Failure> + 'static,
        V: Visitor;

    /// The cache of this name.
    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cache| cache.name() == name)
    }

    /// Every cache, for [`parse`](crate::scenario::parse) and [`load`](crate::scenario::load).
    fn known() -> Vec<Known<'static>> {
        Self::ALL.iter().map(|cache| Known { name: cache.name(), abilities: cache.abilities() }).collect()
    }

    /// Every cache's name.
    fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(|cache| cache.name()).collect()
    }
}

/// A function that is generic over the cache under test. It replaces `dyn CacheUnderTest`, which
/// async methods rule out.
pub trait Visitor {
    /// The result.
    type Output;

    /// Calls the function with this cache.
    fn visit<C: CacheUnderTest>(self, cache: C) -> Self::Output;
}
