//! The optional features that a scenario can require of a cache.

use std::fmt;

use super::{Case, OpKind, Source, Special};

/// A feature that a scenario can require of a cache beyond `get`, `set` and `delete`. If a cache
/// without it ignored the requirement, the verdict would belong to another case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ability {
    /// `specials = ["keeps-absent"]`: stores locally that a key has no value.
    KeepsAbsent,
    /// `specials = ["passes-over"]`: queries the source of truth if the remote tier fails.
    PassesOver,
    /// `specials = ["leases"]`: fills the remote tier under its leases.
    Leases,
    /// `specials = ["never-settles"]`: queries the remote tier whether a lost write can still
    /// arrive.
    Settles,
    /// `derived` with `source = "remote"`: a write deletes the derived keys.
    Derives,
    /// `specials = ["one-entry"]`: bounds its local tier.
    Bounds,
    /// `load` with `source = "remote"`: loads with the caller's loader.
    Loads,
    /// `refresh`: loads the key again.
    Refreshes,
    /// `evict`: removes a key's local entry.
    Evicts,
    /// `notified`, `compare-and-set`, more than one node: accepts the notification that a key has
    /// been written beside the cache.
    Invalidates,
    /// `notified-all`: accepts the notification that another node may have written any key.
    InvalidatesAll,
    /// `specials = ["strict"]`: opens the keys of its writes on all nodes.
    Strict,
}

impl Ability {
    /// Every ability.
    pub const ALL: &'static [Ability] = &[
        Ability::KeepsAbsent,
        Ability::PassesOver,
        Ability::Leases,
        Ability::Settles,
        Ability::Derives,
        Ability::Bounds,
        Ability::Loads,
        Ability::Refreshes,
        Ability::Evicts,
        Ability::Invalidates,
        Ability::InvalidatesAll,
        Ability::Strict,
    ];

    /// The word in scenarios that requires it.
    pub fn word(self) -> &'static str {
        match self {
            Ability::KeepsAbsent => Special::KeepsAbsent.name(),
            Ability::PassesOver => Special::PassesOver.name(),
            Ability::Leases => Special::Leases.name(),
            Ability::Settles => Special::NeverSettles.name(),
            Ability::Derives => "derived",
            Ability::Bounds => Special::OneEntry.name(),
            Ability::Loads => OpKind::Load.name(),
            Ability::Refreshes => OpKind::Refresh.name(),
            Ability::Evicts => OpKind::Evict.name(),
            Ability::Invalidates => OpKind::Notified.name(),
            Ability::InvalidatesAll => OpKind::NotifiedAll.name(),
            Ability::Strict => Special::Strict.name(),
        }
    }

    /// The ability that a special requires.
    pub(super) fn of_special(special: Special) -> Self {
        match special {
            Special::KeepsAbsent => Ability::KeepsAbsent,
            Special::PassesOver => Ability::PassesOver,
            Special::Leases => Ability::Leases,
            Special::NeverSettles => Ability::Settles,
            Special::OneEntry => Ability::Bounds,
            Special::NotifiesFirst => Ability::Invalidates,
            Special::Strict | Special::LeaseFromReply | Special::AnswersFirst => Ability::Strict,
        }
    }

    /// The ability that an operation requires, if any. `forget` and `unnotified` affect only the
    /// remote tier; `stall` leaves a `get` unpolled; `get-many` is several `get`s if a cache has no
    /// such call.
    pub(super) fn of_operation(kind: OpKind) -> Option<Self> {
        match kind {
            OpKind::Get | OpKind::Set | OpKind::Delete | OpKind::Update | OpKind::Forget => None,
            OpKind::Unnotified | OpKind::GetMany | OpKind::Stall => None,
            OpKind::Load => Some(Ability::Loads),
            OpKind::Refresh => Some(Ability::Refreshes),
            OpKind::Evict => Some(Ability::Evicts),
            // It changes the source of truth beside the cache, and notifies the cache.
            OpKind::Notified | OpKind::CompareAndSet => Some(Ability::Invalidates),
            OpKind::NotifiedAll => Some(Ability::InvalidatesAll),
            OpKind::Reconnect | OpKind::Heartbeat => Some(Ability::Invalidates),
            OpKind::LeaseEnds | OpKind::OpenEnds | OpKind::Stop | OpKind::RegistryLost => {
                Some(Ability::Strict)
            }
        }
    }
}

impl fmt::Display for Ability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A cache that scenarios can name. One created from a name alone supports only `get`, `set` and
/// `delete`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known<'k> {
    /// Its name.
    pub name: &'k str,
    /// The features that it supports.
    pub abilities: &'k [Ability],
}

impl<'k> From<&'k str> for Known<'k> {
    fn from(name: &'k str) -> Self {
        Known { name, abilities: &[] }
    }
}

impl<'k> From<&'k String> for Known<'k> {
    fn from(name: &'k String) -> Self {
        Known::from(name.as_str())
    }
}

impl Case {
    /// The first required ability that is missing in `abilities`; `None` if the cache can run the
    /// case.
    pub fn unsupported(&self, abilities: &[Ability]) -> Option<Ability> {
        let specials = self.specials.iter().map(|&special| Ability::of_special(special));
        let derives = (!self.derived.is_empty() && self.source == Source::Remote).then_some(Ability::Derives);
        let notified = (self.nodes > 1).then_some(Ability::Invalidates);
        let operations = self.threads.iter().flat_map(|thread| &thread.ops);
        let operations = operations.filter_map(|op| Ability::of_operation(op.kind));
        specials.chain(derives).chain(notified).chain(operations).find(|ability| !abilities.contains(ability))
    }
}
