//! Hashes: fields and their values.

use bytes::Bytes;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::owned;

/// Maximum number of fields for which insertion order is retained (`hash-max-listpack-entries`).
const MAX_ORDERED: usize = 128;
/// Maximum length of a field or value, in bytes, for the same (`hash-max-listpack-value`).
const MAX_SHORT: usize = 64;

/// Fields and their values. As in Redis, a small hash iterates in insertion order, and a larger one
/// in an unspecified order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hash {
    fields: IndexMap<Bytes, Bytes, FxBuildHasher>,
    is_large: bool,
}

impl Hash {
    pub(crate) fn get(&self, field: &[u8]) -> Option<&Bytes> {
        self.fields.get(field)
    }

    /// Sets a field, and returns whether it is new.
    pub(crate) fn insert(&mut self, field: Bytes, value: Bytes) -> bool {
        self.is_large |= field.len() > MAX_SHORT || value.len() > MAX_SHORT;
        let is_new = self.fields.insert(owned(&field), owned(&value)).is_none();
        self.is_large |= self.fields.len() > MAX_ORDERED;
        is_new
    }

    /// Removes a field, and returns whether it existed.
    pub(crate) fn remove(&mut self, field: &[u8]) -> bool {
        let removed =
            if self.is_large { self.fields.swap_remove(field) } else { self.fields.shift_remove(field) };
        removed.is_some()
    }

    /// Whether Redis would store it in a hash table. It stays large when fields are removed.
    pub(crate) fn is_large(&self) -> bool {
        self.is_large
    }

    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Bytes, &Bytes)> {
        self.fields.iter()
    }
}
