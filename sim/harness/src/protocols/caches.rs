//! Caches that scenarios name.

use selvedge::Remote;
use selvedge::sync::Primitives;

use super::{Cache, Failure, Tiers};
use crate::history::{Key, Value};
use crate::scenario::{Ability, Known};
use crate::world::Truth;

/// A choice of caches under test. Each value is one of them: [`Protocol`](super::Protocol) holds those that ship, and
/// who has caches of their own brings a type of their own.
pub trait Caches: Copy + Send + Sync + 'static {
    /// Every cache.
    const ALL: &'static [Self];

    /// Whether they are built for loom and shuttle too. Where they are many, that is most of the time that building takes.
    const ON_PEERS: bool = true;

    /// Whether [`Engine::Auto`](crate::verdict::Engine::Auto) may search their cases by states. To say so is to promise
    /// that what their operations share, and what they leave for later ones, is all in the primitives that they are built of
    /// and in the remote tier: a search by states sees nothing else, and would take states for the same that are not.
    const BY_STATES: bool = false;

    /// Whether the caches only keep values, hand them out and look whether two are the same. A search of states then takes two
    /// states for one if threads that do the same have changed places, with what they have written.
    const VALUES_ARE_OPAQUE: bool = false;

    /// The cache's name, as scenarios and reports have it. No two have the same.
    fn name(self) -> &'static str;

    /// What the cache supports beyond `get`, `set` and `delete`. A scenario that requires something else of it is refused
    /// when it is read: a cache that ignored what is required would be judged by another case than the one that is written.
    fn abilities(self) -> &'static [Ability] {
        &[]
    }

    /// Builds the cache over these tiers and shows it to the visitor. To be called inside an execution of `P`'s engine,
    /// and before its threads are spawned: the local tier's entries are put there now.
    fn build<P, R, V>(self, tiers: Tiers<P, R>, visitor: V) -> V::Output
    where
        P: Primitives,
        R: Remote<Key, Value, Error = Failure> + 'static,
        V: Visitor;

    /// The cache of this name.
    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cache| cache.name() == name)
    }

    /// Every cache, as [`parse`](crate::scenario::parse) and [`load`](crate::scenario::load) need them.
    fn known() -> Vec<Known<'static>> {
        Self::ALL.iter().map(|cache| Known { name: cache.name(), abilities: cache.abilities() }).collect()
    }

    /// Every cache's name.
    fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(|cache| cache.name()).collect()
    }
}

/// A cache under test that has been chosen, for one set of primitives: what an exploration asks for.
pub(crate) trait Build<P: Primitives>: Send + Sync + 'static {
    /// Builds the cache over these tiers and shows it to the visitor: as [`Caches::build`]. `truth` is for a cache that has a
    /// remote tier of its own instead.
    fn build<R, V>(&self, tiers: Tiers<P, R>, truth: &Truth, visitor: V) -> V::Output
    where
        R: Remote<Key, Value, Error = Failure> + 'static,
        V: Visitor;
}

impl<P: Primitives, C: Caches> Build<P> for C {
    fn build<R, V>(&self, tiers: Tiers<P, R>, _: &Truth, visitor: V) -> V::Output
    where
        R: Remote<Key, Value, Error = Failure> + 'static,
        V: Visitor,
    {
        Caches::build(*self, tiers, visitor)
    }
}

/// What is done with a cache under test. Caches have async methods, so that there is no `dyn Cache`: this is what takes
/// its place.
pub trait Visitor {
    /// What comes of it.
    type Output;

    /// Does it with this cache.
    fn visit<C: Cache>(self, cache: C) -> Self::Output;
}
