//! The server's state, and its connections.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::settings::Settings;
use super::watch::Watchers;
use super::{Delivery, Kind, Output, TrackingTable};
use crate::keyspace::Database;
use crate::pubsub::{Subscriptions, Topic};
use crate::resp::{Protocol, Reply};
use crate::script::Scripts;
use crate::session::{ConnectionId, Session};
use crate::time::Time;

/// How many databases there are to `SELECT` from.
const DATABASES: usize = 16;

/// A Redis server, as a state machine. It does nothing unless it is called, and the same calls come to the same.
///
/// ```
/// use selvedge_redis::{Command, Kind, Reply, Server, Time};
///
/// let mut server = Server::new();
/// let [reader, writer] = [server.connect(), server.connect()];
/// let now = Time::START;
/// server.execute(reader, &Command::new(["SUBSCRIBE", "news"]), now);
///
/// let output = server.execute(writer, &Command::new(["PUBLISH", "news", "hello"]), now);
/// let [message, reply] = &output.deliveries[..] else { panic!("{output:?}") };
/// assert_eq!((message.to, message.kind), (reader, Kind::Push));
/// assert_eq!((reply.to, &reply.reply), (writer, &Reply::Integer(1)));
/// ```
#[derive(Debug)]
pub struct Server {
    pub(crate) databases: Vec<Database>,
    pub(crate) sessions: BTreeMap<ConnectionId, Session>,
    pub(crate) subscriptions: Subscriptions,
    pub(super) watchers: Watchers,
    pub(crate) tracking: TrackingTable,
    pub(crate) scripts: Scripts,
    pub(crate) settings: Settings,
    /// What the command that is being executed has come to so far.
    pub(super) output: Output,
    /// The connection whose command is being executed.
    pub(super) current: Option<ConnectionId>,
    /// The moment of the command that is being executed. Time stands still in it.
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
            tracking: TrackingTable::default(),
            scripts: Scripts::default(),
            settings: Settings::default(),
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

    /// A new connection. It speaks RESP2 and is in database 0.
    pub fn connect(&mut self) -> ConnectionId {
        self.last_connection += 1;
        let connection = ConnectionId(self.last_connection);
        self.sessions.insert(connection, Session::default());
        connection
    }

    /// Whether the connection is there. A command can close it (`QUIT`, `CLIENT KILL`), and so can [`Self::disconnect`].
    pub fn is_connected(&self, connection: ConnectionId) -> bool {
        self.sessions.contains_key(&connection)
    }

    /// The connections, oldest first.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        self.sessions.keys().copied()
    }

    /// Whether the connection has begun a transaction: what it sends is queued.
    #[cfg(feature = "engine")]
    pub(crate) fn is_queueing(&self, connection: ConnectionId) -> bool {
        self.sessions.get(&connection).is_some_and(|session| session.transaction.is_some())
    }

    /// Whether anybody is told of anything: is subscribed, or tracks keys.
    #[cfg(feature = "engine")]
    pub(crate) fn tells_anybody(&self) -> bool {
        self.sessions.values().any(|session| session.is_subscriber() || session.tracking.is_some())
    }

    /// The protocol that a connection speaks; RESP2 if it is not there.
    pub fn protocol(&self, connection: ConnectionId) -> Protocol {
        self.sessions.get(&connection).map(|session| session.protocol).unwrap_or_default()
    }

    /// Ends a connection, with its subscriptions, its transaction, what it watches, and its tracking.
    pub fn disconnect(&mut self, connection: ConnectionId) {
        self.forget(connection);
        self.sessions.remove(&connection);
    }

    /// From now on, a script that touches a key it was not given as one of its `KEYS` fails. So a script's
    /// [footprint](Self::footprint) can be relied upon.
    pub fn require_declared_keys(&mut self) {
        self.settings.declared_keys_only = true;
    }

    /// Takes back all that a connection has at the server, as `RESET` does.
    pub(crate) fn forget(&mut self, connection: ConnectionId) {
        self.stop_tracking(connection);
        self.unwatch(connection);
        let Some(session) = self.sessions.get_mut(&connection) else { return };
        let old = std::mem::take(session);
        let topics = old.channels.into_iter().map(|name| (Topic::Channel, name));
        for (topic, name) in topics.chain(old.patterns.into_iter().map(|name| (Topic::Pattern, name))) {
            self.subscriptions.remove(topic, &name, connection);
        }
    }

    pub(crate) fn session(&mut self, connection: ConnectionId) -> &mut Session {
        self.sessions.get_mut(&connection).expect("commands come from connections that are there")
    }

    /// Sends something that nobody asked for.
    pub(crate) fn push(&mut self, to: ConnectionId, reply: Reply) {
        let protocol = self.protocol(to);
        self.output.deliveries.push(Delivery { to, protocol, kind: Kind::Push, reply });
    }

    /// Closes a connection after what it was sent so far.
    pub(crate) fn close(&mut self, connection: ConnectionId) {
        if !self.output.closed.contains(&connection) {
            self.output.closed.push(connection);
        }
    }

    /// The keys of a database that are there now, in no order that means anything.
    pub fn keys(&self, database: usize, now: Time) -> impl Iterator<Item = &Bytes> {
        let database = &self.databases[database];
        database.keys().filter(move |key| !database.is_expired(key, now.millis()))
    }
}
