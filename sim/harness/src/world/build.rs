//! Building the cache under test in the simulated world.

use selvedge::Remote;
use selvedge::sync::Primitives;

use super::Truth;
use crate::history::{Key, Value};
use crate::protocols::{Caches, Failure, Tiers, Visitor};

/// Builds one cache under test for one set of primitives.
pub(crate) trait Build<P: Primitives>: Send + Sync + 'static {
    /// Same as [`Caches::build`]. `truth` is for a cache with its own remote tier.
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
