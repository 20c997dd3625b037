//! What a key can hold.

use std::collections::VecDeque;

use bytes::Bytes;

use super::{Hash, Set, SortedSet};

/// What a key holds.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Bytes. Numbers are their digits.
    Text(Bytes),
    Hash(Hash),
    List(VecDeque<Bytes>),
    Set(Set),
    SortedSet(SortedSet),
}

impl Value {
    /// The word of `TYPE`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "string",
            Value::Hash(_) => "hash",
            Value::List(_) => "list",
            Value::Set(_) => "set",
            Value::SortedSet(_) => "zset",
        }
    }
}
