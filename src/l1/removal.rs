//! Why an entry has left the local tier, and who is told.

/// Why an entry has left the local tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RemovalCause {
    /// A write of its key, or an invalidation.
    Explicit,
    /// Its key was given a value again while it was there.
    Replaced,
    /// Its time was over. It had not been served since; that it is told is later, when somebody comes across it.
    Expired,
    /// It had to make room.
    Size,
}

/// Who is told of each entry that has left.
pub type Listener<K, V> = Box<dyn Fn(&K, &V, RemovalCause) + Send + Sync>;
