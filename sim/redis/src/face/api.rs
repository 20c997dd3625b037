//! The typed face: what a test says to the server itself.

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
use crate::command::Command;
use crate::resp::Reply;
use crate::server::Kind;
use crate::session::ConnectionId;
use crate::time::Time;

/// A Redis of the test's own. Clones are the same server.
///
/// It is empty, and its clock goes on only when it is told to ([`Redis::advance`]); [`Redis::on_wall_clock`] and
/// [`Redis::with_clock`] have others. Hand [`Redis::connection`]s to the code under test, or let it connect to
/// [`Redis::listen`]; say what there is with the methods here, and ask what has become of it.
#[derive(Clone, Debug)]
pub struct Redis {
    pub(super) shared: Arc<Shared>,
    /// The clock, if it is the test's.
    clock: Option<Arc<TestClock>>,
    /// The connection that the methods here go by.
    own: ConnectionId,
}

/// A command that a client has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Who has sent it.
    pub connection: ConnectionId,
    /// What.
    pub command: Command,
    /// When.
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
    /// An empty server, on a clock that goes on only when it is told to.
    pub fn new() -> Self {
        let clock = Arc::new(TestClock::default());
        Redis { clock: Some(clock.clone()), ..Self::with_clock(clock) }
    }

    /// An empty server, on the clock on the wall.
    pub fn on_wall_clock() -> Self {
        Self::with_clock(Arc::new(WallClock))
    }

    /// An empty server, on another clock.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self::of(Shared::new(clock))
    }

    pub(super) fn of(shared: Shared) -> Self {
        let own = shared.lock().server.connect();
        Redis { shared: Arc::new(shared), clock: None, own }
    }

    /// A connection as redis-rs has it, for blocking code.
    pub fn connection(&self) -> Connection {
        Connection::new(self.shared.clone())
    }

    /// A connection as redis-rs has it, for async code.
    pub fn async_connection(&self) -> AsyncConnection {
        self.connection().into()
    }

    /// Serves any client, in this process or another, until the listener is dropped.
    ///
    /// # Errors
    ///
    /// The port is taken, or the socket's path cannot be used.
    pub fn listen(&self, address: Address) -> io::Result<Listener> {
        Listener::start(self.shared.clone(), address)
    }

    /// Serves any client on a free port of this machine.
    ///
    /// # Errors
    ///
    /// There is no free port.
    pub fn listen_on_free_port(&self) -> io::Result<Listener> {
        self.listen(Address::Port(0))
    }

    /// Serves any client on a Unix socket.
    ///
    /// # Errors
    ///
    /// The path cannot be used.
    pub fn listen_on_socket(&self, path: impl AsRef<Path>) -> io::Result<Listener> {
        self.listen(Address::Socket(path.as_ref().to_owned()))
    }

    /// Lets time go on. Keys that are past their deadline then are removed, and whoever wants to know is told.
    ///
    /// # Panics
    ///
    /// If the server goes by another clock than that of [`Redis::new`]: advance that one.
    pub fn advance(&self, duration: Duration) {
        let clock =
            self.clock.as_ref().expect("this Redis goes by a clock that is not the test's: advance that one");
        clock.advance(duration);
        let mut state = self.shared.lock();
        if state.expires {
            state.expire(clock.now());
        }
    }

    /// What time it is for the server.
    pub fn now(&self) -> Time {
        self.shared.clock.now()
    }

    /// Whether keys that are past their deadline are removed though nobody asks for them. They are, unless this is told.
    pub fn set_active_expiry(&self, is_on: bool) {
        self.shared.lock().expires = is_on;
    }

    /// Something goes wrong with the next command of any client. Faults that are told one after the other come one after
    /// the other.
    pub fn fault(&self, fault: Fault) {
        self.shared.lock().faults.add(None, fault);
    }

    /// Something goes wrong with the next command of this name.
    pub fn fault_on(&self, command: &str, fault: Fault) {
        self.shared.lock().faults.add(Some(command), fault);
    }

    /// How many faults have not come about yet. A test that expects one wants 0 here at its end.
    pub fn faults_left(&self) -> usize {
        self.shared.lock().faults.left()
    }

    /// What clients have sent, and got to the server, oldest first. What is said with the methods here is not among it.
    pub fn commands(&self) -> Vec<Sent> {
        self.shared.lock().sent.iter().cloned().collect()
    }

    /// Forgets what clients have sent.
    pub fn clear_commands(&self) {
        self.shared.lock().sent.clear();
    }

    /// Keeps at most so many of the commands that clients send: the newest. It is 10,000 unless this is told.
    pub fn keep_commands(&self, at_most: usize) {
        let mut state = self.shared.lock();
        state.keeps = at_most;
        let surplus = state.sent.len().saturating_sub(at_most);
        state.sent.drain(..surplus);
    }

    /// Any command, in database 0, and its reply.
    pub fn call(&self, words: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Reply {
        let command = Command::new(words);
        let execute = |state: &mut State, now: Time| {
            let mut output = state.server.execute(self.own, &command, now);
            let of_ours = |kind: Kind, to: ConnectionId| kind == Kind::Reply && to == self.own;
            let at = output.deliveries.iter().position(|delivery| of_ours(delivery.kind, delivery.to));
            let reply = at.map(|at| output.deliveries.remove(at).reply).unwrap_or(Reply::Null);
            state.deliver_all(output, None);
            reply
        };
        #[cfg(feature = "engine")]
        if let Some(explored) = &self.shared.explored {
            return explored.call(&self.shared, self.own, &command, execute);
        }
        execute(&mut self.shared.lock(), self.now())
    }

    /// The reply to a command that cannot fail but for a mistake of the test.
    fn ask(&self, words: &[&[u8]]) -> Reply {
        match self.call(words) {
            Reply::Error(text) => {
                panic!("{:?}: {}", Command::new(words), String::from_utf8_lossy(&text))
            }
            reply => reply,
        }
    }

    /// Sets a string. It stays until it is changed.
    ///
    /// # Panics
    ///
    /// As all of the following: if the key holds something of another type where that matters.
    pub fn set(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.ask(&[b"SET", key.as_ref(), value.as_ref()]);
    }

    /// Sets a string that is there for so long. Less than a millisecond counts as one.
    pub fn set_for(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>, duration: Duration) {
        let millis = duration.as_millis().max(1).to_string();
        self.ask(&[b"SET", key.as_ref(), value.as_ref(), b"PX", millis.as_bytes()]);
    }

    /// A string.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Bytes> {
        match self.ask(&[b"GET", key.as_ref()]) {
            Reply::Bulk(value) => Some(value),
            _ => None,
        }
    }

    /// Removes a key. Whether it was there.
    pub fn delete(&self, key: impl AsRef<[u8]>) -> bool {
        self.ask(&[b"DEL", key.as_ref()]) == Reply::Integer(1)
    }

    /// Whether a key is there.
    pub fn exists(&self, key: impl AsRef<[u8]>) -> bool {
        self.ask(&[b"EXISTS", key.as_ref()]) == Reply::Integer(1)
    }

    /// How long a key will be there still; `None` if it has no deadline, or is not there.
    pub fn time_left(&self, key: impl AsRef<[u8]>) -> Option<Duration> {
        match self.ask(&[b"PTTL", key.as_ref()]) {
            Reply::Integer(millis) => u64::try_from(millis).ok().map(Duration::from_millis),
            _ => None,
        }
    }

    /// All keys, in order.
    pub fn keys(&self) -> Vec<Bytes> {
        let state = self.shared.lock();
        let mut keys: Vec<_> = state.server.keys(0, self.shared.clock.now()).cloned().collect();
        keys.sort();
        keys
    }

    /// Removes everything.
    pub fn clear(&self) {
        self.ask(&[b"FLUSHALL"]);
    }

    /// Sends a message. How many have got it.
    pub fn publish(&self, channel: impl AsRef<[u8]>, message: impl AsRef<[u8]>) -> usize {
        match self.ask(&[b"PUBLISH", channel.as_ref(), message.as_ref()]) {
            Reply::Integer(count) => usize::try_from(count).unwrap_or(0),
            _ => 0,
        }
    }

    /// How many connections clients have.
    pub fn connections(&self) -> usize {
        self.shared.lock().server.connections().filter(|connection| *connection != self.own).count()
    }
}
