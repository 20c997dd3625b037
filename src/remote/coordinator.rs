//! The commands of the level [`Strict`](crate::nodes::Strict).

use std::pin::Pin;
use std::time::Duration;

use super::Found;

/// The future of a command.
pub type CommandFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A remote tier that coordinates the writes of several nodes: the commands of
/// [`Strict`](crate::nodes::Strict), of one node.
///
/// The tier stores, beside the values:
///
/// - for each key, the writes that have *opened* it, each for a limited time;
/// - the *registry*: the nodes that may hold a lease, each with the number of its last renewal.
///
/// Each command takes effect at one point. It can be lost as the commands of
/// [`Remote`](super::Remote).
pub trait Coordinator<K, V>: Send + Sync {
    /// Error of a command: that of [`Remote`](super::Remote).
    type Error;

    /// Reads the keys, in their order; and for each, whether a write has it open.
    fn read<'a>(&'a self, keys: &'a [K]) -> CommandFuture<'a, Result<Vec<Reading<V>>, Self::Error>>;

    /// Opens the keys for a write, which this number identifies on its node; notifies the other
    /// nodes of it; and returns the registry, without the own node.
    ///
    /// A notified node first passes each key to [`Node::notified`], and then sends its answer,
    /// which is passed to [`Node::answered`] here.
    ///
    /// The keys stay open until [`write`](Coordinator::write), or for a limited time after which
    /// that is refused. The time is longer than the longest lease.
    ///
    /// [`Node::notified`]: crate::nodes::Node::notified
    /// [`Node::answered`]: crate::nodes::Node::answered
    fn open<'a>(&'a self, write: u64, keys: &'a [K]) -> CommandFuture<'a, Result<Registry, Self::Error>>;

    /// Writes the first key, deletes the others, closes all, and ends their leases for fills.
    /// Returns `false`, and changes nothing, if one of the keys is no longer open for this write.
    ///
    /// `outlasted` is the part of the registry whose leases the write has outlasted without an
    /// answer. These nodes are removed from the registry, unless they have renewed their leases
    /// since. If it was not complete, it is from now on.
    fn write<'a>(
        &'a self,
        write: u64,
        keys: &'a [K],
        change: Change<'a, V>,
        outlasted: &'a Registry,
    ) -> CommandFuture<'a, Result<bool, Self::Error>>;

    /// Waits for this time, measured on a monotonic clock. Must not complete earlier.
    fn sleep(&self, time: Duration) -> CommandFuture<'_, ()>;
}

/// The state of a key in the remote tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading<V> {
    /// Its value; `None` if it has none.
    pub found: Option<Found<V>>,
    /// Whether a write has it open. Then the value must not be cached.
    pub is_open: bool,
}

/// The nodes that may hold a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// The known ones.
    pub holders: Vec<Leaseholder>,
    /// Whether these are all. `false` if the tier has lost its registry, and no write has waited
    /// for a whole lease since.
    pub is_complete: bool,
}

/// A node that may hold a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leaseholder {
    /// Identifies the node. Never reused.
    pub node: u64,
    /// The number of its last renewal. Each renewal of a node has a greater one.
    pub renewal: u64,
    /// The length of its lease.
    pub lease: Duration,
}

/// The change that a write makes.
#[derive(Debug, PartialEq, Eq)]
pub enum Change<'a, V> {
    /// Sets the value, which expires after the time if there is one.
    Set(&'a V, Option<Duration>),
    /// Deletes the key.
    Delete,
}

impl<V> Clone for Change<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Change<'_, V> {}
