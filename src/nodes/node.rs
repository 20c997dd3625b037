//! The interface between a node and the connection that notifies it.

use std::sync::Arc;
use std::time::Duration;

/// A node of the level [`Notified`](super::Notified) or [`Strict`](super::Strict), as the
/// connection for notifications sees it.
///
/// A remote tier that [`Notifies`] calls these functions, for one connection at a time, and none of
/// them concurrently with `connected`, `heard` or `lost`.
pub trait Node<K>: Send + Sync {
    /// The time on the node's clock, for [`connected`](Node::connected) and
    /// [`heard`](Node::heard): take it *before* the command is sent.
    fn now(&self) -> Duration;

    /// The server has confirmed that it notifies this node of each write that it executes from now
    /// on. `asked` is the time before the command that the server has answered.
    fn connected(&self, asked: Duration);

    /// The server has executed a write of this key; or, at the level `Strict`, has opened the key
    /// for one, and must have the node's answer after this call has returned. The other nodes'
    /// writes must be notified; the node's own need not be.
    fn notified(&self, key: &K);

    /// The server may have written any key, such as by `FLUSHALL`.
    fn notified_all(&self);

    /// The server has answered a command over the connection. `asked` is the time before it was
    /// sent. The notification of each write that the server had acknowledged before `asked` has
    /// been passed to [`notified`](Node::notified), and that call has returned.
    fn heard(&self, asked: Duration);

    /// The connection is lost, or may have lost notifications. Nothing is served until the next
    /// [`connected`](Node::connected).
    fn lost(&self);

    /// At the level `Strict`: the node with this number has answered the node's own write with this
    /// number.
    fn answered(&self, write: u64, node: u64);

    /// The time from `asked` for which the node serves its local tier: the bound on the staleness,
    /// or the length of the lease.
    fn bound(&self) -> Duration;
}

/// A remote tier that notifies nodes of writes: [`Redis`](crate::remote::Redis), for example.
pub trait Notifies<K> {
    /// Connects the node, and reconnects it whenever the connection is lost, until the node has
    /// been dropped. Returns at once. Stores only a weak reference to the node.
    fn notify(&self, node: &Arc<dyn Node<K>>);
}

/// A remote tier that coordinates the writes of nodes: [`Redis`](crate::remote::Redis), for
/// example. It must also be a [`Coordinator`](crate::remote::Coordinator).
pub trait Coordinates<K> {
    /// Connects the node as [`Notifies::notify`] does, and registers it. Before each
    /// [`connected`](Node::connected) and [`heard`](Node::heard) the registry has the node, with a
    /// new renewal. The server notifies it of each write that opens a key later.
    fn coordinate(&self, node: &Arc<dyn Node<K>>);
}
