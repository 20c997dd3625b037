//! What a scenario can require of a cache, and which cache supports it.

use std::fmt;

use super::{Case, OpKind, Source, Special};

/// What a scenario can require of a cache beyond `get`, `set` and `delete`. A cache that does not support it would ignore
/// it, and the verdict would be of another case than the one that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ability {
    /// `specials = ["keeps-absent"]`: stores locally that a key has no value.
    KeepsAbsent,
    /// `specials = ["passes-over"]`: queries the source of truth if the remote tier fails.
    PassesOver,
    /// `specials = ["leases"]`: fills the remote tier under the leases that it gives.
    Leases,
    /// `specials = ["never-settles"]`: asks the remote tier whether a lost write can still arrive.
    Settles,
    /// `derived` where the remote tier is the source of truth: deletes what is derived from the key that it writes.
    Derives,
    /// `specials = ["one-entry"]`: bounds its local tier.
    Bounds,
    /// `load`: loads under the caller's loader where the remote tier is the source of truth.
    Loads,
    /// `evict`: removes a key's local entry.
    Evicts,
    /// `told`: accepts the notification that a key was written elsewhere.
    Invalidates,
    /// `told-all`: accepts the notification that any key may have been written elsewhere.
    InvalidatesAll,
}

impl Ability {
    /// All of them.
    pub const ALL: &'static [Ability] = &[
        Ability::KeepsAbsent,
        Ability::PassesOver,
        Ability::Leases,
        Ability::Settles,
        Ability::Derives,
        Ability::Bounds,
        Ability::Loads,
        Ability::Evicts,
        Ability::Invalidates,
        Ability::InvalidatesAll,
    ];

    /// The word of a scenario that requires it.
    pub fn word(self) -> &'static str {
        match self {
            Ability::KeepsAbsent => Special::KeepsAbsent.name(),
            Ability::PassesOver => Special::PassesOver.name(),
            Ability::Leases => Special::Leases.name(),
            Ability::Settles => Special::NeverSettles.name(),
            Ability::Derives => "derived",
            Ability::Bounds => Special::OneEntry.name(),
            Ability::Loads => OpKind::Load.name(),
            Ability::Evicts => OpKind::Evict.name(),
            Ability::Invalidates => OpKind::Told.name(),
            Ability::InvalidatesAll => OpKind::ToldAll.name(),
        }
    }

    /// What a special requires.
    pub(super) fn of_special(special: Special) -> Self {
        match special {
            Special::KeepsAbsent => Ability::KeepsAbsent,
            Special::PassesOver => Ability::PassesOver,
            Special::Leases => Ability::Leases,
            Special::NeverSettles => Ability::Settles,
            Special::OneEntry => Ability::Bounds,
        }
    }

    /// What an operation requires, if it is not one that each cache has. `forget` and `untold` concern the remote tier alone;
    /// `stall` leaves a `get` unpolled; `get-many` is several of them where a cache has no such call.
    pub(super) fn of_operation(kind: OpKind) -> Option<Self> {
        match kind {
            OpKind::Get | OpKind::Set | OpKind::Delete | OpKind::Forget => None,
            OpKind::Untold | OpKind::GetMany | OpKind::Stall => None,
            OpKind::Load => Some(Ability::Loads),
            OpKind::Evict => Some(Ability::Evicts),
            OpKind::Told => Some(Ability::Invalidates),
            OpKind::ToldAll => Some(Ability::InvalidatesAll),
        }
    }
}

impl fmt::Display for Ability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A cache that scenarios can name, and what it supports. A name alone supports nothing beyond `get`, `set` and `delete`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known<'k> {
    /// Its name.
    pub name: &'k str,
    /// What it supports.
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
    /// The first of the abilities that the case requires of its cache and that are not among these; `None` if the cache can
    /// run the case.
    pub fn unsupported(&self, abilities: &[Ability]) -> Option<Ability> {
        let specials = self.specials.iter().map(|&special| Ability::of_special(special));
        let derives = (!self.derived.is_empty() && self.source == Source::Remote).then_some(Ability::Derives);
        let operations = self.threads.iter().flat_map(|thread| &thread.ops);
        let operations = operations.filter_map(|op| Ability::of_operation(op.kind));
        specials.chain(derives).chain(operations).find(|ability| !abilities.contains(ability))
    }
}
