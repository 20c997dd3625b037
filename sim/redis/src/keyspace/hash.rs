//! Hashes: fields and their values.

use bytes::Bytes;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

/// Up to so many fields a hash keeps the order in which they came (`hash-max-listpack-entries`).
const MAX_ORDERED: usize = 128;
/// Up to so many bytes a field and a value (`hash-max-listpack-value`).
const MAX_SHORT: usize = 64;

/// Fields and their values. A small hash is listed in the order in which its fields came, as Redis does; what is larger
/// has an order that nobody should count on, here as there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hash {
    fields: IndexMap<Bytes, Bytes, FxBuildHasher>,
    is_large: bool,
}

impl Hash {
    pub(crate) fn get(&self, field: &[u8]) -> Option<&Bytes> {
        self.fields.get(field)
    }

    /// Whether the field is new.
    pub(crate) fn insert(&mut self, field: Bytes, value: Bytes) -> bool {
        self.is_large |= field.len() > MAX_SHORT || value.len() > MAX_SHORT;
        let is_new = self.fields.insert(field, value).is_none();
        self.is_large |= self.fields.len() > MAX_ORDERED;
        is_new
    }

    /// Whether the field was there.
    pub(crate) fn remove(&mut self, field: &[u8]) -> bool {
        let removed =
            if self.is_large { self.fields.swap_remove(field) } else { self.fields.shift_remove(field) };
        removed.is_some()
    }

    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Bytes, &Bytes)> {
        self.fields.iter()
    }
}
