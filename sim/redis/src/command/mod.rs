//! The commands: one table, and one file for each family.
//!
//! [`table.rs`](self) has a row for each command: its name, its arity, its access to keys, the
//! positions of the keys among its arguments, and its function. [`Call`] is the argument of that
//! function.

mod arguments;
mod call;
mod client;
mod connection;
mod error;
mod expiry;
mod hashes;
mod keys;
mod lists;
mod request;
mod scan;
mod scripting;
mod server;
mod sets;
mod sorted_range;
mod sorted_sets;
mod spec;
mod strings;
mod subscriptions;
mod table;
mod tracking;
mod transactions;

pub use request::{Command, Keys};
pub use table::names;

pub(crate) use call::{Call, ScriptCall};
pub(crate) use error::ErrorReply;
pub(crate) use spec::{Access, Answer, KeyPositions, Spec, Within};
pub(crate) use table::{find, is_command};
