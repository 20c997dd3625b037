//! The typed interface: methods that a test calls on the server itself.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::client::{AsyncConnection, Connection};
use super::clock::{Clock, TestClock, WallClock};
use super::fault::Fault;
use super::listen::{Address, Listener};
use super::shared::{Shared, State};
use crate::request::Command;
use crate::resp::Reply;
use crate::server::DeliveryKind;
use crate::session::ConnectionId;
use crate::time::Time;

/// A Redis server for a test. Clones refer to the same server.
///
/// It is empty at first. Its clock advances only by [`Redis::advance`]; [`Redis::on_wall_clock`]
/// and [`Redis::with_clock`] use other clocks. Pass [`Redis::connection`]s to the code under test,
/// or let it connect to [`Redis::listen`]. Use the methods here to set up data and to inspect the
/// result.
#[derive(Clone, Debug)]
pub struct Redis {
    pub(super) shared: Arc<Shared>,
    /// The clock, if the test advances it.
    clock: Option<Arc<TestClock>>,
    /// The connection that the methods of this type use.
    own: ConnectionId,
}

/// A command that a client has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The connection that sent it.
    pub connection: ConnectionId,
    /// The command.
    pub command: Command,
    /// The time at which it reached the server.
    pub at: Time,
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.command.fmt(f)
    }
}

impl Default for Redis {
    fn default() -> Self {
        Self::new()
    }
}

impl Redis {
    /// An empty server. Its clock advances only by [`Redis::advance`].
    pub fn new() -> Self {
        let clock = Arc::new(TestClock::default());
        Redis { clock: Some(clock.clone()), ..Self::with_clock(clock) }
    }

    /// An empty server on the wall clock.
    pub fn on_wall_clock() -> Self {
        Self::with_clock(Arc::new(WallClock))
    }

    /// An empty server on the given clock.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self::of(Shared::new(clock))
    }

    pub(super) fn of(shared: Shared) -> Self {
        let own = shared.lock().server.connect();
        Redis { shared: Arc::new(shared), clock: None, own }
    }

    /// A connection for blocking code that uses redis-rs.
    pub fn connection(&self) -> Connection {
        Connection::new(self.shared.clone())
    }

    /// A connection for async code that uses redis-rs.
    pub fn async_connection(&self) -> AsyncConnection {
        self.connection().into()
    }

    /// Serves clients of this and other processes until the listener is dropped.
    ///
    /// # Errors
    ///
    /// If the port is in use, or the socket's path cannot be used.
    pub fn listen(&self, address: Address) -> io::Result<Listener> {
        Listener::start(self.shared.clone(), address)
    }

    /// Serves clients on a free local port.
    ///
    /// # Errors
    ///
    /// If no port is free.
    pub fn listen_on_free_port(&self) -> io::Result<Listener> {
        self.listen(Address::Port(0))
    }

    /// Serves clients on a Unix socket.
    ///
    /// # Errors
    ///
    /// If the path cannot be used.
    pub fn listen_on_socket(&self, path: impl AsRef<Path>) -> io::Result<Listener> {
        self.listen(Address::Socket(path.as_ref().to_owned()))
    }

    /// Advances the clock, and removes the keys that have expired by then, with their
    /// notifications.
    ///
    /// # Panics
    ///
    /// If the server was not created by [`Redis::new`]. Advance its own clock instead.
    pub fn advance(&self, duration: Duration) {
        let clock = self.clock.as_ref().expect(
            "`Redis::advance` works only on a server from `Redis::new`: advance this server's own clock",
        );
        clock.advance(duration);
        let mut state = self.shared.lock();
        state.time_out(clock.now());
        if state.expires {
            state.expire(clock.now());
        }
    }

    /// The server's current time.
    pub fn now(&self) -> Time {
        self.shared.clock.now()
    }

    /// Enables or disables active expiry: the removal of expired keys that no command accesses. It
    /// is enabled by default.
    pub fn set_active_expiry(&self, is_on: bool) {
        self.shared.lock().expires = is_on;
    }

    /// Injects a fault into the next command of any client. Faults occur in the order of injection.
    pub fn fault(&self, fault: Fault) {
        self.shared.lock().faults.add(None, fault);
    }

    /// Injects a fault into the next command with this name.
    pub fn fault_on(&self, command: &str, fault: Fault) {
        self.shared.lock().faults.add(Some(command), fault);
    }

    /// The number of injected faults that have not occurred yet. A test that expects its faults to
    /// occur asserts that it is 0 at the end.
    pub fn faults_left(&self) -> usize {
        self.shared.lock().faults.left()
    }

    /// The commands of clients that reached the server, oldest first. Calls of the methods here are
    /// not included.
    pub fn commands(&self) -> Vec<Sent> {
        self.shared.lock().sent.iter().cloned().collect()
    }

    /// Clears the list of commands.
    pub fn clear_commands(&self) {
        self.shared.lock().sent.clear();
    }

    /// Sets the number of commands that are retained (the newest). The default is 10,000.
    pub fn retain_commands(&self, at_most: usize) {
        let mut state = self.shared.lock();
        state.max_sent = at_most;
        let surplus = state.sent.len().saturating_sub(at_most);
        state.sent.drain(..surplus);
    }

    /// Executes a command in database 0, and returns its reply. A blocking command does not wait:
    /// it replies at once, as after its timeout.
    pub fn call(&self, words: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Reply {
        let command = Command::new(words);
        let execute = |state: &mut State, now: Time| {
            let mut output = state.server.execute(self.own, &command, now);
            let of_ours =
                |kind: DeliveryKind, to: ConnectionId| kind == DeliveryKind::Reply && to == self.own;
            let at = output.deliveries.iter().position(|delivery| of_ours(delivery.kind, delivery.to));
            let reply = at.map(|at| output.deliveries.remove(at).reply).unwrap_or(Reply::Null);
            state.deliver_all(output, None);
            // A later reply would have no receiver.
            state.server.cancel_wait(self.own).unwrap_or(reply)
        };
        #[cfg(feature = "engine")]
        if let Some(explored) = &self.shared.explored {
            return explored.call(&self.shared, self.own, &command, execute);
        }
        execute(&mut self.shared.lock(), self.now())
    }

    /// Executes a command, and returns its reply. Panics if the reply is an error.
    fn expect_reply(&self, words: &[&[u8]]) -> Reply {
        match self.call(words) {
            Reply::Error(text) => {
                panic!("{:?}: {}", Command::new(words), String::from_utf8_lossy(&text))
            }
            reply => reply,
        }
    }

    /// Sets a string without a deadline.
    ///
    /// # Panics
    ///
    /// If the command returns an error, for instance because the key holds another type. The same
    /// applies to the methods below.
    pub fn set(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.expect_reply(&[b"SET", key.as_ref(), value.as_ref()]);
    }

    /// Sets a string that expires after `duration`, which is at least 1 ms.
    pub fn set_for(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>, duration: Duration) {
        let millis = duration.as_millis().max(1).to_string();
        self.expect_reply(&[b"SET", key.as_ref(), value.as_ref(), b"PX", millis.as_bytes()]);
    }

    /// The string at `key`, if any.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Bytes> {
        match self.expect_reply(&[b"GET", key.as_ref()]) {
            Reply::Bulk(value) => Some(value),
            _ => None,
        }
    }

    /// Removes a key, and returns whether it existed.
    pub fn delete(&self, key: impl AsRef<[u8]>) -> bool {
        self.expect_reply(&[b"DEL", key.as_ref()]) == Reply::Integer(1)
    }

    /// Whether a key exists.
    pub fn exists(&self, key: impl AsRef<[u8]>) -> bool {
        self.expect_reply(&[b"EXISTS", key.as_ref()]) == Reply::Integer(1)
    }

    /// The remaining time to live of a key; `None` if it has no deadline or does not exist.
    pub fn time_left(&self, key: impl AsRef<[u8]>) -> Option<Duration> {
        match self.expect_reply(&[b"PTTL", key.as_ref()]) {
            Reply::Integer(millis) => u64::try_from(millis).ok().map(Duration::from_millis),
            _ => None,
        }
    }

    /// All keys, sorted.
    pub fn keys(&self) -> Vec<Bytes> {
        let state = self.shared.lock();
        let mut keys: Vec<_> =
            state.server.keys(0, self.shared.clock.now()).map(Bytes::copy_from_slice).collect();
        keys.sort();
        keys
    }

    /// Removes all keys.
    pub fn clear(&self) {
        self.expect_reply(&[b"FLUSHALL"]);
    }

    /// Publishes a message, and returns the number of receivers.
    pub fn publish(&self, channel: impl AsRef<[u8]>, message: impl AsRef<[u8]>) -> usize {
        match self.expect_reply(&[b"PUBLISH", channel.as_ref(), message.as_ref()]) {
            Reply::Integer(count) => usize::try_from(count).unwrap_or(0),
            _ => 0,
        }
    }

    /// The number of client connections.
    pub fn connections(&self) -> usize {
        self.shared.lock().server.connections().filter(|connection| *connection != self.own).count()
    }
}
