//! The data: databases of keys with values and deadlines.
//!
//! This module does not depend on commands or connections. [`Database`] only reports expired keys;
//! its caller removes them, because the removal sends notifications. All iteration orders are
//! independent of addresses, so runs are reproducible.

mod database;
mod draw;
mod hash;
mod owned;
mod set;
mod sorted_set;
mod stream;
mod value;

pub(crate) use database::{Access, Database, hash};
pub(crate) use draw::Draw;
pub(crate) use hash::Hash;
pub(crate) use owned::owned;
pub(crate) use set::Set;
pub(crate) use sorted_set::SortedSet;
pub(crate) use stream::{Bound, Consumer, Group, Pending, Stream, StreamId, Trim};
pub(crate) use value::Value;
