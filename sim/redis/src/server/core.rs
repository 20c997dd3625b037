//! The server's state and its connections.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::settings::Settings;
use super::watch::Watchers;
use super::{Delivery, DeliveryKind, Output, TrackingTable, Waiting};
use crate::keyspace::Database;
use crate::pubsub::{Subscriptions, Topic};
use crate::resp::{Protocol, Reply};
use crate::script::Scripts;
use crate::session::{ConnectionId, Replies, Session, Transaction};
use crate::time::Time;
use crate::users::Users;

/// The number of databases.
const DATABASES: usize = 16;

/// A Redis server as a state machine. It acts only when called; equal sequences of calls give equal
/// results.
///
/// ```
/// use selvedge_redis::{Command, DeliveryKind, Reply, Server, Time};
///
/// let mut server = Server::new();
/// let [reader, writer] = [server.connect(), server.connect()];
/// let now = Time::START;
/// server.execute(reader, &Command::new(["SUBSCRIBE", "news"]), now);
///
/// let output = server.execute(writer, &Command::new(["PUBLISH", "news", "hello"]), now);
/// let [message, reply] = &output.deliveries[..] else { panic!("{output:?}") };
/// assert_eq!((message.to, message.kind), (reader, DeliveryKind::Push));
/// assert_eq!((reply.to, &reply.reply), (writer, &Reply::Integer(1)));
/// ```
#[derive(Debug)]
pub struct Server {
    pub(crate) databases: Vec<Database>,
    pub(crate) sessions: BTreeMap<ConnectionId, Session>,
    pub(crate) subscriptions: Subscriptions,
    pub(super) watchers: Watchers,
    pub(super) waiting: Waiting,
    pub(crate) tracking: TrackingTable,
    pub(crate) scripts: Scripts,
    pub(crate) settings: Settings,
    pub(crate) users: Users,
    /// The connections that receive every executed command.
    pub(crate) monitors: BTreeSet<ConnectionId>,
    /// The output so far of the command in execution.
    pub(crate) output: Output,
    /// The connection whose command is in execution.
    pub(crate) current: Option<ConnectionId>,
    /// The time of the command in execution. It is constant during a command.
    pub(crate) now: Time,
    last_connection: u64,
}

impl Default for Server {
    fn default() -> Self {
        Server {
            databases: vec![Database::default(); DATABASES],
            sessions: BTreeMap::new(),
            subscriptions: Subscriptions::default(),
            watchers: Watchers::default(),
            waiting: Waiting::default(),
            tracking: TrackingTable::default(),
            scripts: Scripts::default(),
            settings: Settings::default(),
            users: Users::default(),
            monitors: BTreeSet::new(),
            output: Output::default(),
            current: None,
            now: Time::default(),
            last_connection: 0,
        }
    }
}

impl Server {
    /// An empty server without connections.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens a connection, with RESP2 and database 0.
    pub fn connect(&mut self) -> ConnectionId {
        self.last_connection += 1;
        let connection = ConnectionId(self.last_connection);
        self.connect_as(connection);
        connection
    }

    /// Opens a connection with this number, which no other has.
    pub(crate) fn connect_as(&mut self, connection: ConnectionId) {
        let session = Session { opened: self.now, last_seen: self.now, ..self.new_session() };
        self.sessions.insert(connection, session);
    }

    /// The state of a connection that has sent no command.
    fn new_session(&self) -> Session {
        let is_authenticated = self.users.admits_anyone();
        Session { user: Bytes::from_static(b"default"), is_authenticated, ..Session::default() }
    }

    /// Whether the connection is open. A command (`QUIT`, `CLIENT KILL`) or [`Self::disconnect`]
    /// closes it.
    pub fn is_connected(&self, connection: ConnectionId) -> bool {
        self.sessions.contains_key(&connection)
    }

    /// The open connections, oldest first.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        self.sessions.keys().copied()
    }

    /// Whether the connection is in a transaction, which queues its commands.
    #[cfg(feature = "engine")]
    pub(crate) fn is_queueing(&self, connection: ConnectionId) -> bool {
        self.sessions.get(&connection).is_some_and(|session| session.transaction.is_some())
    }

    /// Whether any connection is subscribed to a channel or tracks keys.
    #[cfg(feature = "engine")]
    pub(crate) fn sends_pushes(&self) -> bool {
        let receives = |session: &Session| session.is_subscriber() || session.tracking.is_some();
        !self.monitors.is_empty() || self.sessions.values().any(receives)
    }

    /// The protocol of a connection; RESP2 if it is closed.
    pub fn protocol(&self, connection: ConnectionId) -> Protocol {
        self.sessions.get(&connection).map(|session| session.protocol).unwrap_or_default()
    }

    /// Closes a connection, with its subscriptions, transaction, watched keys and tracking.
    pub fn disconnect(&mut self, connection: ConnectionId) {
        self.reset_session(connection);
        self.sessions.remove(&connection);
    }

    /// Rejects scripts that access a key outside of their `KEYS`, select a database, or publish, so
    /// that the [footprint](Self::footprint) of a script is reliable. An exploration requires it.
    pub fn require_declared_keys(&mut self) {
        self.settings.declared_keys_only = true;
    }

    /// Rejects commands that choose at random (`SPOP`, `RANDOMKEY`) unless there is only one
    /// choice. An exploration requires it, because it covers one choice only.
    pub fn reject_random_choices(&mut self) {
        self.settings.rejects_random_choices = true;
    }

    /// Resets the server's state for a connection, like `RESET`.
    pub(crate) fn reset_session(&mut self, connection: ConnectionId) {
        self.stop_tracking(connection);
        self.unwatch(connection);
        self.unblock(connection);
        self.monitors.remove(&connection);
        let new = self.new_session();
        let Some(session) = self.sessions.get_mut(&connection) else { return };
        let old = std::mem::replace(session, new);
        (session.opened, session.last_seen) = (old.opened, old.last_seen);
        if old.replies == Replies::SkipThis {
            session.replies = old.replies;
        }
        let channels = old.channels.into_iter().map(|name| (Topic::Channel, name));
        let patterns = old.patterns.into_iter().map(|name| (Topic::Pattern, name));
        let shards = old.shards.into_iter().map(|name| (Topic::Shard, name));
        for (topic, name) in channels.chain(patterns).chain(shards) {
            self.subscriptions.remove(topic, &name, connection);
        }
    }

    pub(crate) fn session(&mut self, connection: ConnectionId) -> &mut Session {
        self.sessions.get_mut(&connection).expect("the connection of a command in execution is open")
    }

    /// Ends the transaction of the connection, if any, and returns it.
    pub(crate) fn discard(&mut self, connection: ConnectionId) -> Option<Transaction> {
        self.unwatch(connection);
        let session = self.session(connection);
        session.is_dirty = false;
        session.transaction.take()
    }

    /// Sends a push.
    pub(crate) fn push(&mut self, to: ConnectionId, reply: Reply) {
        let protocol = self.protocol(to);
        self.output.deliveries.push(Delivery { to, protocol, kind: DeliveryKind::Push, reply });
    }

    /// Closes a connection after its output so far has been sent.
    pub(crate) fn close(&mut self, connection: ConnectionId) {
        if !self.output.closed.contains(&connection) {
            self.output.closed.push(connection);
        }
    }

    /// The existing keys of a database, in an unspecified order.
    pub fn keys(&self, database: usize, now: Time) -> impl Iterator<Item = &[u8]> {
        let database = &self.databases[database];
        database.keys().filter(move |key| !database.is_expired(key, now.millis()))
    }
}
