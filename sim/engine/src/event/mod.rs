//! Events: the action of an operation, its locations, and the pairs that conflict.

mod action;
mod decision;
mod fingerprint;
mod footprint;
mod kinds;
mod mode;
mod orders;
mod phase;
mod record;
mod rule;

pub(crate) use action::Action;
pub(crate) use decision::Decision;
pub(crate) use fingerprint::{Digest, Fingerprint};
pub(crate) use footprint::Footprint;
pub(crate) use kinds::{FingerprintKind, RuleTag};
pub(crate) use mode::MODES;
pub use mode::Mode;
pub(crate) use orders::{MemoryOrder, Orders};
pub(crate) use phase::Phase;
pub use record::MAX_TASKS;
pub(crate) use record::{
    Access, AccessId, Condition, Event, ITEMS, LocationId, LocationStates, NO_ACCESS, Pending, SLOTS, TaskId,
};
pub(crate) use rule::{
    CHOOSE, NOTHING, Outcomes, Rule, RuledStates, TOKEN_OR_DEADLINE, TOKEN_OR_DEADLINE_OR_SPURIOUS,
    TOKEN_OR_SPURIOUS,
};
