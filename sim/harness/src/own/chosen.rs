//! The cache that a scenario in code is about, as an exploration asks for it.

use selvedge::Remote;

#[cfg(feature = "redis")]
use super::Server;
use super::{Cache, LocalTier, Own, Redis, Setup};
use crate::backends::Engine;
use crate::history::{Key, Value};
use crate::protocols::{Build, Failure, Tiers, Visitor};
use crate::world::Truth;

/// What builds the cache.
pub(crate) struct Chosen<F>(pub(super) F);

impl<F, C> Build<Engine> for Chosen<F>
where
    F: Fn(Setup) -> C + Send + Sync + 'static,
    C: Cache,
{
    fn build<R, V>(&self, tiers: Tiers<Engine, R>, truth: &Truth, visitor: V) -> V::Output
    where
        R: Remote<Key, Value, Error = Failure> + 'static,
        V: Visitor,
    {
        let (clock, local_ttl, warm) = (tiers.clock.clone(), tiers.local_ttl, tiers.warm.clone());
        let (l1, remote) = tiers.build();
        #[cfg(feature = "redis")]
        let server = Server::new(truth);
        #[cfg(not(feature = "redis"))]
        let _ = truth;
        let setup = Setup {
            local: LocalTier::new(l1),
            redis: Redis::new(remote),
            clock,
            local_ttl,
            warm,
            #[cfg(feature = "redis")]
            server: server.clone(),
        };
        visitor.visit(Own {
            cache: (self.0)(setup),
            #[cfg(feature = "redis")]
            server,
        })
    }
}
