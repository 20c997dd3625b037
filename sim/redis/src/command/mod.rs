//! The commands: one table, and one file for each family.
//!
//! [`table.rs`](self) has a row for each command: its name, its arity, its access to keys, the
//! positions of the keys among its arguments, and its function. [`Call`] is the argument of that
//! function.

mod accessed;
mod acl;
mod arguments;
mod bit_fields;
mod bits;
mod blocking;
mod call;
mod client;
mod connection;
mod draws;
mod dumps;
mod expiry;
mod hashes;
mod info;
mod keys;
mod list_items;
mod list_moves;
mod lists;
mod long_double;
mod monitor;
mod objects;
mod run;
mod scan;
mod scripting;
mod server;
mod set_algebra;
mod sets;
mod sort;
mod sorted_combine;
mod sorted_pop;
mod sorted_range;
mod sorted_sets;
mod spec;
mod stream_claims;
mod stream_groups;
mod stream_ids;
mod stream_info;
mod stream_reads;
mod streams;
mod strings;
mod subscriptions;
mod substrings;
mod table;
mod tracking;
mod transactions;

pub use accessed::Keys;
pub use table::names;

pub(crate) use call::{Call, ScriptCall};
pub(crate) use spec::{Access, KeyPositions, Spec, Within};
pub(crate) use table::find;

use crate::error::{Answer, ErrorReply};
use table::is_command;
