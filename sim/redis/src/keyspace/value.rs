//! Values.

use std::collections::VecDeque;

use bytes::Bytes;

use super::{Hash, Set, SortedSet, Stream};

/// The value of a key.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Bytes. Numbers are stored as their digits.
    Text(Bytes),
    // Boxed, so that a string takes less memory.
    Hash(Box<Hash>),
    List(Box<VecDeque<Bytes>>),
    Set(Box<Set>),
    SortedSet(Box<SortedSet>),
    Stream(Box<Stream>),
}

impl Value {
    /// The type's name in the reply of `TYPE`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "string",
            Value::Hash(_) => "hash",
            Value::List(_) => "list",
            Value::Set(_) => "set",
            Value::SortedSet(_) => "zset",
            Value::Stream(_) => "stream",
        }
    }
}
