//! What the local tier keeps of a key.

/// What the local tier keeps of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept<V> {
    /// Its value.
    Value(V),
    /// The remote tier has no value of it. A source behind it was not asked.
    AbsentRemotely,
    /// The source of truth has no value of it.
    AbsentAtSource,
}

impl<V> Kept<V> {
    /// What a read of the tiers is told.
    pub fn into_value(self) -> Option<V> {
        match self {
            Kept::Value(value) => Some(value),
            Kept::AbsentRemotely | Kept::AbsentAtSource => None,
        }
    }
}
