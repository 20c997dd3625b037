//! The protocols by name.

use std::convert::Infallible;
use std::fmt;

use selvedge::Remote;
use selvedge::sync::Primitives;

use super::article::Article;
use super::delayed_double_delete::DelayedDoubleDelete;
use super::delete_first::DeleteFirst;
use super::epoch::Epoch;
use super::shared_local_key::SharedLocalKey;
use super::write_through::WriteThrough;
use super::{Cache, Tiers, tiered};
use crate::history::{Key, Value};

/// A protocol that ships with the simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// [`article`](super::article)
    Article,
    /// [`delete_first`](super::delete_first)
    DeleteFirst,
    /// [`delayed_double_delete`](super::delayed_double_delete)
    DelayedDoubleDelete,
    /// [`write_through`](super::write_through)
    WriteThrough,
    /// [`epoch`](super::epoch)
    Epoch,
    /// [`shared_local_key`](super::shared_local_key)
    SharedLocalKey,
    /// [`tiered`]
    Tiered,
}

impl Protocol {
    /// Every protocol.
    pub const ALL: [Protocol; 7] = [
        Protocol::Article,
        Protocol::DeleteFirst,
        Protocol::DelayedDoubleDelete,
        Protocol::WriteThrough,
        Protocol::Epoch,
        Protocol::SharedLocalKey,
        Protocol::Tiered,
    ];

    /// The protocol's name, as scenarios and reports have it.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Article => "article",
            Protocol::DeleteFirst => "delete-first",
            Protocol::DelayedDoubleDelete => "delayed-double-delete",
            Protocol::WriteThrough => "write-through",
            Protocol::Epoch => "epoch",
            Protocol::SharedLocalKey => "shared-local-key",
            Protocol::Tiered => "tiered",
        }
    }

    /// The protocol of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Protocol::ALL.into_iter().find(|protocol| protocol.name() == name)
    }

    /// Builds the cache over these tiers and shows it to the visitor. To be called inside an execution of `P`'s engine,
    /// and before its threads are spawned: the local tier's entries are put there now.
    pub fn build<P, R, V>(self, tiers: Tiers<P, R>, visitor: V) -> V::Output
    where
        P: Primitives,
        R: Remote<Key, Value, Error = Infallible> + 'static,
        V: Visitor,
    {
        match self {
            Protocol::Article => visitor.visit(Article::new(tiers)),
            Protocol::DeleteFirst => visitor.visit(DeleteFirst::new(tiers)),
            Protocol::DelayedDoubleDelete => visitor.visit(DelayedDoubleDelete::new(tiers)),
            Protocol::WriteThrough => visitor.visit(WriteThrough::new(tiers)),
            Protocol::Epoch => visitor.visit(Epoch::new(tiers)),
            Protocol::SharedLocalKey => visitor.visit(SharedLocalKey::new(tiers)),
            Protocol::Tiered => visitor.visit(tiered::build(tiers)),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
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
