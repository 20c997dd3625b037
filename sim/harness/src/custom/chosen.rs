//! Builds the cache of a scenario in code for each run.

use std::sync::Arc;

use selvedge::Remote;

#[cfg(feature = "redis")]
use super::Server;
use super::{Custom, LocalTier, Redis, Setup, UnderTest};
use crate::backends::Engine;
use crate::history::{Key, Value};
use crate::protocols::{Failure, Tiers, Visitor};
use crate::world::{Build, Truth};

/// The builder of the cache. All cases of a scenario share it.
pub(crate) struct Chosen<F>(pub(super) Arc<F>);

impl<F, C> Build<Engine> for Chosen<F>
where
    F: Fn(Setup) -> C + Send + Sync + 'static,
    C: UnderTest,
{
    fn build<R, V>(&self, tiers: Tiers<Engine, R>, truth: &Truth, visitor: V) -> V::Output
    where
        R: Remote<Key, Value, Error = Failure> + 'static,
        V: Visitor,
    {
        let (clock, local_ttl, warm) = (tiers.clock.clone(), tiers.local_ttl, tiers.warm.clone());
        let settings = tiers.settings.clone();
        let (l1, remote) = tiers.build();
        #[cfg(feature = "redis")]
        let server = Server::new(truth);
        let setup = Setup {
            local: LocalTier::new(l1),
            redis: Redis::new(remote, truth.conditional.clone()),
            clock,
            local_ttl,
            warm,
            settings,
            #[cfg(feature = "redis")]
            server: server.clone(),
        };
        visitor.visit(Custom {
            cache: (self.0)(setup).under_test(),
            #[cfg(feature = "redis")]
            server,
        })
    }
}
