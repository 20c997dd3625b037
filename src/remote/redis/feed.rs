//! Notifications of other clients' writes, over the commands' connection: by `CLIENT TRACKING`; at
//! the level `Strict`, by pub/sub.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use redis::{PushInfo, PushKind, RedisResult, Value};
use tokio::sync::Notify;

use super::command::Command;
use super::connector::Connector;
use super::link::Link;
use super::membership::{Membership, Message};
use crate::nodes::Node;
use crate::remote::KeyFromBytes;

/// The heartbeats in the node's bound.
const HEARTBEATS: u32 = 4;

/// The node that is notified, whatever the type of its keys. Does nothing after the node has been
/// dropped.
pub(super) trait Listener: Send + Sync {
    /// The node's time; `None` if it has been dropped.
    fn now(&self) -> Option<Duration>;
    fn connected(&self, asked: Duration);
    fn heard(&self, asked: Duration);
    fn lost(&self);
    /// Applies the notification of these keys, with their prefix.
    fn notified(&self, keys: &[Value]);
    fn notified_all(&self);
    /// The other node has answered this write.
    fn answered(&self, write: u64, node: u64);
}

/// A node with keys of this type.
struct NodeOf<K> {
    node: Weak<dyn Node<K>>,
    prefix: Vec<u8>,
}

impl<K: KeyFromBytes> NodeOf<K> {
    fn with(&self, action: impl FnOnce(&dyn Node<K>)) {
        if let Some(node) = self.node.upgrade() {
            action(&*node);
        }
    }
}

impl<K: KeyFromBytes + 'static> Listener for NodeOf<K> {
    fn now(&self) -> Option<Duration> {
        Some(self.node.upgrade()?.now())
    }

    fn connected(&self, asked: Duration) {
        self.with(|node| node.connected(asked));
    }

    fn heard(&self, asked: Duration) {
        self.with(|node| node.heard(asked));
    }

    fn lost(&self) {
        self.with(|node| node.lost());
    }

    fn notified(&self, keys: &[Value]) {
        self.with(|node| {
            for key in keys {
                match key {
                    Value::BulkString(bytes) => {
                        let own = bytes.strip_prefix(self.prefix.as_slice());
                        // Other bytes are not a key of this cache.
                        if let Some(key) = own.and_then(K::from_bytes) {
                            node.notified(&key);
                        }
                    }
                    _ => node.notified_all(),
                }
            }
        });
    }

    fn notified_all(&self) {
        self.with(|node| node.notified_all());
    }

    fn answered(&self, write: u64, other: u64) {
        self.with(|node| node.answered(write, other));
    }
}

/// The notifications of one node.
#[derive(Clone)]
pub(super) struct Feed {
    listener: Arc<dyn Listener>,
    prefix: Vec<u8>,
    bound: Duration,
    /// Wakes the heartbeat when a connection breaks.
    broken: Arc<Notify>,
    /// At the level `Strict`.
    membership: Option<Arc<Membership>>,
}

impl Feed {
    pub(super) fn new<K: KeyFromBytes + 'static>(node: &Arc<dyn Node<K>>, prefix: &[u8]) -> Self {
        let listener = Arc::new(NodeOf { node: Arc::downgrade(node), prefix: prefix.to_owned() });
        let (prefix, bound) = (prefix.to_owned(), node.bound());
        Feed { listener, prefix, bound, broken: Arc::default(), membership: None }
    }

    /// The notifications of a node of the level `Strict`.
    pub(super) fn of_member<K: KeyFromBytes + 'static>(
        node: &Arc<dyn Node<K>>,
        prefix: &[u8],
        membership: Arc<Membership>,
    ) -> Self {
        Feed { membership: Some(membership), ..Feed::new(node, prefix) }
    }

    pub(super) fn listener(&self) -> &dyn Listener {
        &*self.listener
    }

    /// Turns notifications on over this connection. Returns whether the server allows it.
    pub(super) async fn begin(&self, link: &Link) -> RedisResult<bool> {
        match &self.membership {
            None => link.track(&self.prefix).await,
            // A write that opens a key between the two is notified, and has not waited for the
            // node.
            Some(member) => link.subscribe(&member.channels(), &member.renew()).await,
        }
    }

    /// Whether the node is at the level `Strict`.
    pub(super) fn is_member(&self) -> bool {
        self.membership.is_some()
    }

    /// The command that is sent regularly.
    pub(super) fn heartbeat(&self) -> Command {
        self.membership.as_ref().map_or_else(Command::ping, |member| member.renew())
    }

    /// Whether this answer to [`heartbeat`](Feed::heartbeat) shows that the registry did not have
    /// the node.
    pub(super) fn is_new(&self, answer: &Value) -> bool {
        self.is_member() && *answer != Value::Int(0)
    }

    /// Applies a message of the server. redis-rs calls this in the order of the connection, and
    /// before it passes on a later reply. Returns whether the connection has broken.
    pub(super) fn receive(&self, message: &PushInfo) -> bool {
        match message.kind {
            PushKind::Disconnection => {
                self.broken.notify_one();
                return true;
            }
            PushKind::Invalidate => match message.data.as_slice() {
                [Value::Array(keys)] => self.listener.notified(keys),
                // Of all keys, or of a form that is not known.
                _ => self.listener.notified_all(),
            },
            PushKind::Message => self.receive_message(&message.data),
            _ => {}
        }
        false
    }

    fn receive_message(&self, data: &[Value]) {
        let [Value::BulkString(channel), Value::BulkString(text)] = data else { return };
        let Some(member) = &self.membership else { return };
        match member.parse(channel, text) {
            Some(Message::Opened { answer, keys }) => {
                let keys: Vec<_> = keys.into_iter().map(|key| Value::BulkString(key.to_owned())).collect();
                self.listener.notified(&keys);
                // Not before the entries are removed.
                member.answer(answer);
            }
            Some(Message::Answered { write, node }) => self.listener.answered(write, node),
            None => {}
        }
    }

    /// Keeps a connection, and queries it, until the node or the connector has been dropped.
    pub(super) async fn run(self, connector: Weak<Connector>) {
        while let Some(connector) = connector.upgrade().filter(|_| self.listener.now().is_some()) {
            connector.heartbeat(&self).await;
            drop(connector);
            // A timeout is the usual case.
            let _ = tokio::time::timeout(self.bound / HEARTBEATS, self.broken.notified()).await;
        }
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("bound", &self.bound).finish_non_exhaustive()
    }
}
