//! The nodes' connections for notifications: messages arrive late, in the order of their
//! connection, or are lost with it. At the level `Strict`, also the registry of nodes, and their
//! clocks.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use selvedge::remote::{Leaseholder, Registry};
use selvedge::sync::Mutex as _;

use super::clocks::Clocks;
use super::{Plan, Recorder, TTL};
use crate::backends::Simulated;
use crate::history::{Call, Key, OperationId, Reply, Value};
use crate::scenario::{NODES, OpKind, Special};

/// A node, as its connection sees it.
pub(super) trait ConnectedNode: Send + Sync {
    /// The time on the node's clock.
    fn time(&self) -> Duration;
    /// Another node has written the key.
    fn notified(&self, key: Key);
    /// The server has answered a command that was sent after `asked`.
    fn heard(&self, asked: Duration);
    /// The connection is lost.
    fn lost(&self);
    /// A connection exists, and notifications are about to be turned on.
    fn connecting(&self);
    /// Notifications are on. The command was sent after `asked`.
    fn connected(&self, asked: Duration);
    /// The other node has answered this write of the node.
    fn answered(&self, write: u64, node: u64);
}

/// The connections of all nodes. None if there is one node.
pub(super) struct Connections<P: Simulated> {
    all: Vec<Connection<P>>,
    nodes: OnceLock<Vec<Weak<dyn ConnectedNode>>>,
    recorder: Arc<Recorder>,
    by_node: bool,
    /// The lane of a notification that is not of a thread.
    thread: usize,
    pub(super) notifies_first: bool,
    /// The nodes publish their writes themselves: the server notifies none of them.
    is_published: bool,
    is_strict: bool,
    /// Whether a node stops in the case.
    has_stop: bool,
    lease_from_reply: bool,
    answers_first: bool,
    pub(super) clocks: Clocks<P>,
    /// The threads that deliver messages.
    threads: Mutex<Vec<P::JoinHandle>>,
}

struct Connection<P: Simulated> {
    /// The server's end, and the messages that it has sent.
    server: P::Mutex<ServerEnd>,
    /// Held while the node applies an event of the connection.
    node: P::Mutex<()>,
}

#[derive(Hash)]
struct ServerEnd {
    /// Whether it notifies the node.
    is_on: bool,
    /// Whether a thread is about to deliver the next message.
    is_delivered: bool,
    in_transit: VecDeque<Message>,
    /// For each key, the last content of which the node was not notified, because its connection
    /// was cut.
    missed: BTreeMap<Key, Option<Value>>,
    /// The node's entry in the registry.
    entry: RegistryEntry,
    /// The number of the node's last renewal.
    renewal: u64,
    /// Whether the node has stopped.
    is_stopped: bool,
}

/// A node's entry in the registry.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum RegistryEntry {
    Present,
    Removed,
    /// It was lost with the registry.
    Lost,
}

impl Default for ServerEnd {
    fn default() -> Self {
        ServerEnd {
            is_on: true,
            is_delivered: false,
            in_transit: VecDeque::new(),
            missed: BTreeMap::new(),
            entry: RegistryEntry::Present,
            renewal: 0,
            is_stopped: false,
        }
    }
}

impl ServerEnd {
    /// Sends the message. Returns whether it needs a thread that delivers it.
    fn push(&mut self, message: Message) -> bool {
        self.in_transit.push_back(message);
        !std::mem::replace(&mut self.is_delivered, true)
    }

    /// The registry has the node, with a new renewal. Returns `true`.
    fn register(&mut self) -> bool {
        self.entry = RegistryEntry::Present;
        self.renewal += 1;
        true
    }

    fn miss(&mut self, message: Message) {
        if let Message::Written(key, content) = message {
            self.missed.insert(key, content);
        }
    }
}

#[derive(Clone, Copy, Hash)]
enum Message {
    /// The key was written, with this content.
    Written(Key, Option<Value>),
    /// Another node has sent this key.
    Published(Key),
    /// The answer to a command that was sent after this time.
    Answer(Duration),
    /// The same, of a renewal by a node that was not in the registry.
    Joined(Duration),
    /// The key was opened by this write of this node.
    Opened { key: Key, by: usize, write: u64 },
}

impl<P: Simulated> Connections<P> {
    /// `clock` is that of the run.
    pub(super) fn new<C>(plan: &Plan<C>, recorder: &Arc<Recorder>, clock: &P::Clock) -> Self {
        let nodes = if plan.nodes > 1 { plan.nodes } else { 0 };
        let connection = |_| Connection {
            server: P::hashed("connection", ServerEnd::default()),
            node: P::hashed("node", ()),
        };
        Connections {
            all: (0..nodes).map(connection).collect(),
            nodes: OnceLock::new(),
            recorder: Arc::clone(recorder),
            by_node: plan.by_node,
            thread: plan.threads.len(),
            notifies_first: plan.specials.contains(&Special::NotifiesFirst),
            is_published: plan.is_published,
            is_strict: plan.is_strict(),
            has_stop: plan.has(OpKind::Stop),
            lease_from_reply: plan.specials.contains(&Special::LeaseFromReply),
            answers_first: plan.specials.contains(&Special::AnswersFirst),
            clocks: Clocks::new(plan, clock),
            threads: Mutex::default(),
        }
    }

    /// Sets the nodes, which exist after the connections.
    pub(super) fn set_nodes(&self, nodes: Vec<Weak<dyn ConnectedNode>>) {
        drop(self.nodes.set(nodes));
    }

    fn node(&self, node: usize) -> Arc<dyn ConnectedNode> {
        let nodes = self.nodes.get().expect("the nodes are set before the threads start");
        nodes[node].upgrade().expect("the nodes exist until the end of the run")
    }

    /// The server notifies all nodes but the writer's own.
    pub(super) fn notify(self: &Arc<Self>, writer: usize, key: Key, content: Option<Value>) {
        if self.is_published {
            return;
        }
        for node in (0..self.all.len()).filter(|&node| node != writer) {
            self.send(node, Message::Written(key, content));
        }
    }

    /// A node sends a message about the key to all others, through the server.
    pub(super) fn publish(self: &Arc<Self>, publisher: usize, key: Key) {
        for node in (0..self.all.len()).filter(|&node| node != publisher) {
            self.send(node, Message::Published(key));
        }
    }

    /// The node sends a command over its connection, and does not wait for the answer.
    pub(super) fn heartbeat(self: &Arc<Self>, node: usize) {
        let asked = self.node(node).time();
        if !self.is_strict {
            return self.send(node, Message::Answer(asked));
        }
        let needs_thread = self.all[node].server.with(|server| {
            let is_new = server.entry != RegistryEntry::Present;
            server.is_on
                && server.register()
                && server.push(if is_new { Message::Joined(asked) } else { Message::Answer(asked) })
        });
        if needs_thread {
            self.deliver(node);
        }
    }

    /// The server notifies all nodes but the writer's own that a write has opened the key. Returns
    /// the registry without the writer's own node.
    pub(super) fn open(self: &Arc<Self>, by: usize, write: u64, key: Key) -> Registry {
        let mut registry = Registry { holders: Vec::new(), is_complete: true };
        for node in (0..self.all.len()).filter(|&node| node != by) {
            let needs_thread = self.all[node].server.with(|server| {
                match server.entry {
                    RegistryEntry::Present => {
                        let (node, renewal) = (node as u64, server.renewal);
                        registry.holders.push(Leaseholder { node, renewal, lease: TTL });
                    }
                    RegistryEntry::Removed => {}
                    RegistryEntry::Lost => registry.is_complete = false,
                }
                server.is_on && server.push(Message::Opened { key, by, write })
            });
            if needs_thread {
                self.deliver(node);
            }
        }
        registry
    }

    /// Removes nodes whose leases a write has outlasted from the registry.
    pub(super) fn remove(&self, outlasted: &Registry) {
        for holder in &outlasted.holders {
            self.all[holder.node as usize].server.with(|server| {
                if server.renewal == holder.renewal && server.entry == RegistryEntry::Present {
                    server.entry = RegistryEntry::Removed;
                }
            });
        }
        if !outlasted.is_complete {
            for connection in &self.all {
                connection.server.with(|server| {
                    if server.entry == RegistryEntry::Lost {
                        server.entry = RegistryEntry::Removed;
                    }
                });
            }
        }
    }

    /// The server loses its registry.
    pub(super) fn lose_registry(&self) {
        self.all
            .iter()
            .for_each(|connection| connection.server.with(|server| server.entry = RegistryEntry::Lost));
    }

    /// The node stops.
    pub(super) fn stop(&self, node: usize) {
        self.all[node].server.with(|server| {
            server.is_on = false;
            server.is_stopped = true;
            server.in_transit.clear();
        });
    }

    /// Whether the node has stopped, so that its command does not arrive.
    pub(super) fn has_stopped(&self, node: usize) -> bool {
        self.has_stop && self.all[node].server.with(|server| server.is_stopped)
    }

    /// The server sends a message, if the connection exists. It arrives at any later point, after
    /// the earlier messages of its connection.
    fn send(self: &Arc<Self>, node: usize, message: Message) {
        let needs_thread = self.all[node].server.with(|server| {
            if !server.is_on {
                server.miss(message);
                return false;
            }
            server.push(message)
        });
        if !needs_thread {
            return;
        }
        self.deliver(node);
    }

    /// Starts a thread that delivers the connection's next message, at any later point. The thread
    /// starts the next one: with several messages a thread's number of operations would not follow
    /// from its state, because it forgets its history.
    fn deliver(self: &Arc<Self>, node: usize) {
        let connections = Arc::clone(self);
        let thread = P::spawn(&format!("connection-{}", NODES[node]), move || {
            if connections.recorder.is_watched() {
                P::forget();
            }
            if connections.deliver_next(node) {
                connections.deliver(node);
            }
        });
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
    }

    /// Delivers the next message, if it is not lost. Returns whether there are others.
    fn deliver_next(&self, node: usize) -> bool {
        let its = self.node(node);
        self.all[node].node.with(|()| {
            let (next, is_any) = self.all[node].server.with(|server| {
                let next = server.in_transit.pop_front();
                // A message from now on has a thread of its own, which waits for this node.
                server.is_delivered = !server.in_transit.is_empty();
                (next, server.is_delivered)
            });
            match next {
                None => {}
                Some(Message::Answer(_)) if self.lease_from_reply => its.heard(its.time()),
                Some(Message::Answer(asked)) => its.heard(asked),
                Some(Message::Published(key)) => its.notified(key),
                Some(Message::Joined(asked)) => its.connected(asked),
                Some(Message::Opened { key, by, write }) => {
                    let answer = || self.node(by).answered(write, node as u64);
                    if self.answers_first {
                        answer();
                        its.notified(key);
                    } else {
                        its.notified(key);
                        answer();
                    }
                }
                Some(Message::Written(key, _)) if !self.by_node => its.notified(key),
                Some(Message::Written(key, content)) => {
                    let at = (node as u32, self.thread);
                    let notice = self.recorder.invoke::<P>(at, key, Call::Notice, false);
                    its.notified(key);
                    self.recorder.respond::<P>(notice, Reply::Read(content));
                    P::enter(OperationId::MAX);
                }
            }
            is_any
        })
    }

    /// The node's connection is lost with all messages in progress. The node learns of it later,
    /// and connects again later. From each of these two on, it must serve nothing older than what
    /// it has missed before.
    pub(super) fn reconnect(&self, node: usize) {
        self.cut(node);
        let its = self.node(node);
        let connection = &self.all[node];
        self.knowing(node, || connection.node.with(|()| its.lost()));
        its.connecting();
        let asked = its.time();
        connection.server.with(|server| server.is_on = !server.is_stopped);
        if self.is_strict && !connection.server.with(|server| server.is_on && server.register()) {
            return;
        }
        self.knowing(node, || connection.node.with(|()| its.connected(asked)));
    }

    /// Runs an action after which the node counts as notified of what it has missed.
    fn knowing(&self, node: usize, action: impl FnOnce()) {
        if !self.by_node {
            return action();
        }
        let missed = self.all[node].server.with(|server| std::mem::take(&mut server.missed));
        let current = P::current();
        let at = (node as u32, self.thread);
        let notices: Vec<_> = missed
            .into_iter()
            .map(|(key, content)| (self.recorder.invoke::<P>(at, key, Call::Notice, false), content))
            .collect();
        action();
        for (notice, content) in notices {
            self.recorder.respond::<P>(notice, Reply::Read(content));
        }
        P::enter(current);
    }

    /// All connections are lost, and no node learns of it.
    pub(super) fn silence(&self) {
        (0..self.all.len()).for_each(|node| self.cut(node));
    }

    fn cut(&self, node: usize) {
        self.all[node].server.with(|server| {
            server.is_on = false;
            for message in std::mem::take(&mut server.in_transit) {
                server.miss(message);
            }
        });
    }

    /// Waits until all messages have been delivered or are lost.
    pub(super) fn join(&self) {
        // A thread that delivers a message may start another.
        let next = || self.threads.lock().unwrap_or_else(PoisonError::into_inner).pop();
        while let Some(thread) = next() {
            P::join(thread);
        }
    }
}

impl<P: Simulated> fmt::Debug for Connections<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("nodes", &self.all.len()).finish_non_exhaustive()
    }
}
