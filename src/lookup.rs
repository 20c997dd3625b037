//! What a tier returned for a key.

/// What a tier returned for a key. The local tier stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<V> {
    /// The key's value.
    Value(V),
    /// The remote tier has no value. A source of truth behind it was not queried.
    AbsentRemotely,
    /// The source of truth has no value.
    AbsentAtSource,
}

impl<V> Lookup<V> {
    /// The value, if there is one.
    pub fn into_value(self) -> Option<V> {
        match self {
            Lookup::Value(value) => Some(value),
            Lookup::AbsentRemotely | Lookup::AbsentAtSource => None,
        }
    }
}
