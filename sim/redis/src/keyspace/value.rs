//! Values.

use std::collections::VecDeque;

use bytes::Bytes;

use super::{Hash, Set, SortedSet, Stream, StreamId};

/// Estimated size of a key or an element without its bytes, in bytes.
pub(super) const OVERHEAD: usize = 56;

/// The value of a key.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Bytes. Numbers are stored as their digits.
    Text(Bytes),
    // Boxed, so that a string takes less memory.
    Hash(Box<Hash>),
    #[expect(clippy::box_collection, reason = "the four words of a deque would make each value larger")]
    List(Box<VecDeque<Bytes>>),
    Set(Box<Set>),
    SortedSet(Box<SortedSet>),
    Stream(Box<Stream>),
}

impl Value {
    /// The estimated memory in bytes, without the key.
    pub(crate) fn size(&self) -> usize {
        let element = |bytes: &Bytes| OVERHEAD + bytes.len();
        match self {
            Value::Text(text) => text.len(),
            Value::List(list) => list.iter().map(element).sum(),
            Value::Hash(hash) => hash.iter().map(|(field, value)| element(field) + element(value)).sum(),
            Value::Set(set) => set.iter().map(|member| element(&member)).sum(),
            Value::SortedSet(set) => set.iter().map(|(member, _)| element(member) + 8).sum(),
            Value::Stream(stream) => {
                let entries = stream.range(StreamId::MIN, StreamId::MAX);
                entries.map(|(_, words)| words.iter().map(element).sum::<usize>() + 16).sum()
            }
        }
    }

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
