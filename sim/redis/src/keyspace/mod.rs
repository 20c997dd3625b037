//! What the server stores: databases of keys with values and deadlines.
//!
//! Nothing here knows a command or a connection. [`Database`] holds keys; lazy expiry is asked of it, and done by whoever
//! asks, because it has to be told to others. What is iterated has an order that does not depend on an address, so that a
//! run can be repeated.

mod database;
mod hash;
mod set;
mod sorted_set;
mod value;

pub(crate) use database::Database;
pub(crate) use hash::Hash;
pub(crate) use set::Set;
pub(crate) use sorted_set::SortedSet;
pub(crate) use value::Value;
