//! Serialized values (`DUMP`, `RESTORE`), in the format of RDB version 10.
//!
//! A value is written in the plain form of its type, which every version of Redis reads. All forms
//! that Redis 7.0 writes are read, except streams.

mod checksum;
mod decode;
mod encode;
mod listpack;

pub(crate) use decode::{DumpError, decode};
pub(crate) use encode::encode;

/// The version of the format.
const VERSION: u16 = 10;
/// Length of the version and the checksum at the end, in bytes.
const FOOTER: usize = 10;

// The types of values.
const STRING: u8 = 0;
const LIST: u8 = 1;
const SET: u8 = 2;
const HASH: u8 = 4;
const SORTED_SET: u8 = 5;
const INTEGER_SET: u8 = 11;
const HASH_LISTPACK: u8 = 16;
const SORTED_SET_LISTPACK: u8 = 17;
const QUICKLIST: u8 = 18;
