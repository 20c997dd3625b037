//! Causes of removals from the local tier, and the listener for them.

/// Cause of a removal from the local tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RemovalCause {
    /// A write of its key, or an invalidation.
    Explicit,
    /// Its key was set again.
    Replaced,
    /// It had expired. It has not been served since; the listener is called when an operation finds
    /// it.
    Expired,
    /// It was evicted to make room.
    Size,
}

/// Listener for each entry that leaves.
pub type Listener<K, V> = Box<dyn Fn(&K, &V, RemovalCause) + Send + Sync>;
