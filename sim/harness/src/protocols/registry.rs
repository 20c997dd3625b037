//! The shipped protocols by name.

use std::fmt;

use selvedge::Remote;
use selvedge::sync::Primitives;

use super::article::Article;
use super::broadcast::{Broadcast, Flaw};
use super::delayed_double_delete::DelayedDoubleDelete;
use super::delete_first::DeleteFirst;
use super::epoch::Epoch;
use super::shared_local_key::SharedLocalKey;
use super::write_through::WriteThrough;
use super::{Caches, Failure, Tiers, Visitor, tiered};
use crate::history::{Key, Value};
use crate::scenario::Ability;

/// A protocol shipped with the simulator.
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
    /// [`broadcast`](super::broadcast), with no rule for the reconnect
    BroadcastNoReconnect,
    /// [`broadcast`](super::broadcast), dropping the local tier too early
    BroadcastDropsEarly,
    /// [`tiered`]
    Tiered,
}

impl Caches for Protocol {
    const BY_STATES: bool = true;
    const VALUES_ARE_OPAQUE: bool = true;

    const ALL: &'static [Self] = &[
        Protocol::Article,
        Protocol::DeleteFirst,
        Protocol::DelayedDoubleDelete,
        Protocol::WriteThrough,
        Protocol::Epoch,
        Protocol::SharedLocalKey,
        Protocol::BroadcastNoReconnect,
        Protocol::BroadcastDropsEarly,
        Protocol::Tiered,
    ];

    fn name(self) -> &'static str {
        match self {
            Protocol::Article => "article",
            Protocol::DeleteFirst => "delete-first",
            Protocol::DelayedDoubleDelete => "delayed-double-delete",
            Protocol::WriteThrough => "write-through",
            Protocol::Epoch => "epoch",
            Protocol::SharedLocalKey => "shared-local-key",
            Protocol::BroadcastNoReconnect => "broadcast-no-reconnect",
            Protocol::BroadcastDropsEarly => "broadcast-drops-early",
            Protocol::Tiered => "tiered",
        }
    }

    fn abilities(self) -> &'static [Ability] {
        match self {
            Protocol::Article
            | Protocol::DeleteFirst
            | Protocol::DelayedDoubleDelete
            | Protocol::WriteThrough
            | Protocol::Epoch
            | Protocol::SharedLocalKey
            | Protocol::BroadcastNoReconnect
            | Protocol::BroadcastDropsEarly => {
                &[Ability::Evicts, Ability::Invalidates, Ability::InvalidatesAll]
            }
            Protocol::Tiered => Ability::ALL,
        }
    }

    fn build<P, R, V>(self, tiers: Tiers<P, R>, visitor: V) -> V::Output
    where
        P: Primitives,
        R: Remote<Key, Value, Error = Failure> + 'static,
        V: Visitor,
    {
        match self {
            Protocol::Article => visitor.visit(Article::new(tiers)),
            Protocol::DeleteFirst => visitor.visit(DeleteFirst::new(tiers)),
            Protocol::DelayedDoubleDelete => visitor.visit(DelayedDoubleDelete::new(tiers)),
            Protocol::WriteThrough => visitor.visit(WriteThrough::new(tiers)),
            Protocol::Epoch => visitor.visit(Epoch::new(tiers)),
            Protocol::SharedLocalKey => visitor.visit(SharedLocalKey::new(tiers)),
            Protocol::BroadcastNoReconnect => visitor.visit(Broadcast::new(tiers, Flaw::NoReconnectRule)),
            Protocol::BroadcastDropsEarly => visitor.visit(Broadcast::new(tiers, Flaw::DropsTooEarly)),
            Protocol::Tiered => visitor.visit(tiered::build(tiers)),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
