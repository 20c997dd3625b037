//! A case's cache: one of a set of caches, or a script.

use std::sync::Arc;

use selvedge::Remote;

use super::cache::ScriptCache;
use crate::backends::Engine;
use crate::history::{Key, Value};
use crate::protocols::{Caches, Failure, Tiers, Visitor};
use crate::scenario::Case;
use crate::script::Script;
use crate::world::{Build, Plan, Truth};

/// The cache that a case names, on our engine.
#[derive(Clone, Debug)]
pub(crate) enum Named<C> {
    Cache(C),
    Script(Arc<Script>),
}

impl<C: Caches> Build<Engine> for Named<C> {
    fn build<R, V>(&self, tiers: Tiers<Engine, R>, truth: &Truth, visitor: V) -> V::Output
    where
        R: Remote<Key, Value, Error = Failure> + 'static,
        V: Visitor,
    {
        match self {
            Named::Cache(cache) => Caches::build(*cache, tiers, visitor),
            Named::Script(script) => visitor.visit(ScriptCache::new(script, tiers, truth)),
        }
    }
}

impl<C: Caches> Plan<Named<C>> {
    /// The plan of a case for the cache that it names.
    ///
    /// # Panics
    ///
    /// Like [`Plan::new`].
    pub(crate) fn named(case: &Case) -> Self {
        let Some(script) = &case.script else { return Plan::<C>::new(case).map(Named::Cache) };
        let plan = Plan::of(case, Named::Script(Arc::clone(script)));
        Plan { sends_anything: true, is_published: script.publishes(), ..plan }
    }
}
