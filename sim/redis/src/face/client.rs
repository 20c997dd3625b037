//! redis-rs' face: a connection that goes nowhere.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use redis::aio::AsyncPushSender;
use redis::{Cmd, ErrorKind, Pipeline, PushInfo, RedisError, RedisFuture, RedisResult, Value};

use super::shared::{Mailbox, Shared};
use crate::command::Command;
use crate::resp::{Protocol, Reply, Requests};
use crate::server::{Delivery, Kind};
use crate::session::ConnectionId;

/// How many messages wait for [`Connection::next_push`]. Of more, the oldest are lost.
const WAITING: usize = 10_000;

/// A connection to a [`Redis`](crate::Redis) in this process: a `redis::ConnectionLike`. So it has `redis::Commands`, and
/// takes pipelines and scripts. [`AsyncConnection`] is the same for async code.
///
/// Clones share the connection. If it is lost, the next command opens it anew: subscriptions and tracking are gone then,
/// and so is a transaction.
#[derive(Clone)]
pub struct Connection {
    shared: Arc<Shared>,
    own: Arc<Own>,
}

/// What the clones of a connection share.
struct Own {
    shared: Arc<Shared>,
    link: Mutex<Link>,
    mailbox: Inbox,
}

/// The connection itself.
#[derive(Debug, Default)]
struct Link {
    id: Option<ConnectionId>,
    protocol: Protocol,
    database: i64,
    timeout: Option<Duration>,
}

/// What has arrived. It is shared with the server, which puts it there.
#[derive(Clone, Default)]
struct Inbox(Arc<Mutex<Arrived>>);

#[derive(Default)]
struct Arrived {
    replies: VecDeque<(Reply, Option<Duration>)>,
    pushes: VecDeque<PushInfo>,
    sender: Option<Arc<dyn AsyncPushSender>>,
    is_closed: bool,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Arrived> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Mailbox for Inbox {
    fn deliver(&self, delivery: Delivery, later: Option<Duration>) {
        let mut arrived = self.lock();
        if delivery.kind == Kind::Reply {
            arrived.replies.push_back((delivery.reply, later));
            return;
        }
        let Some(push) = push_info(&delivery.reply) else { return };
        match &arrived.sender {
            // Whoever has stopped to listen has done so on purpose.
            Some(sender) => _ = sender.send(push),
            None => {
                arrived.pushes.push_back(push);
                if arrived.pushes.len() > WAITING {
                    arrived.pushes.pop_front();
                }
            }
        }
    }

    fn close(&self) {
        self.lock().is_closed = true;
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let id = self.link.get_mut().map(|link| link.id).unwrap_or(None);
        if let Some(id) = id {
            self.shared.lock().disconnect(id);
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("link", &*self.link()).finish_non_exhaustive()
    }
}

impl Connection {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let own = Own { shared: shared.clone(), link: Mutex::default(), mailbox: Inbox::default() };
        Connection { shared, own: Arc::new(own) }
    }

    fn link(&self) -> MutexGuard<'_, Link> {
        self.own.link.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Speaks RESP3, and so gets invalidations and messages among its replies.
    #[must_use]
    pub fn with_resp3(self) -> Self {
        self.change(|link| link.protocol = Protocol::Resp3)
    }

    /// Is in another database. (From 0 to 15.)
    #[must_use]
    pub fn with_database(self, database: i64) -> Self {
        self.change(|link| link.database = database)
    }

    /// Waits so long for a reply. A reply that is [delayed](crate::Fault::Delayed) as long or longer is an error, and the
    /// command has been executed. Without this, it waits for ever, and no delay is noticed.
    #[must_use]
    pub fn with_response_timeout(self, timeout: Duration) -> Self {
        self.change(|link| link.timeout = Some(timeout))
    }

    /// Hands messages and invalidations to this as they come, and not to [`Connection::next_push`].
    #[must_use]
    pub fn with_push_sender(self, sender: impl AsyncPushSender) -> Self {
        self.own.mailbox.lock().sender = Some(Arc::new(sender));
        self
    }

    fn change(self, change: impl FnOnce(&mut Link)) -> Self {
        let mut link = self.link();
        change(&mut link);
        if let Some(id) = link.id.take() {
            self.shared.lock().disconnect(id);
        }
        drop(link);
        self
    }

    /// The next message or invalidation that has come and was not taken yet. It does not wait.
    pub fn next_push(&self) -> Option<PushInfo> {
        self.own.mailbox.lock().pushes.pop_front()
    }

    /// The number of the connection, once it has sent something.
    pub fn id(&self) -> Option<ConnectionId> {
        self.link().id
    }

    /// Sends commands, one after the other, and gives their replies: one for each that got one. All are sent before the first
    /// reply is looked at.
    fn send(&self, commands: impl IntoIterator<Item = Command>) -> Result<Vec<Value>, io::Error> {
        let mut link = self.link();
        self.open(&mut link);
        let mut values = Ok(Vec::new());
        for command in commands {
            let Some(id) = link.id else { break };
            self.shared.lock().send(id, command, self.shared.clock.now());
            let mut arrived = self.own.mailbox.lock();
            if arrived.is_closed {
                link.id = None;
            }
            if arrived.replies.is_empty() && arrived.is_closed {
                let text = "the server has closed the connection";
                values = values.and(Err(io::Error::new(io::ErrorKind::ConnectionReset, text)));
            }
            for (reply, later) in std::mem::take(&mut arrived.replies) {
                let is_late = link.timeout.zip(later).is_some_and(|(timeout, later)| later >= timeout);
                values = values.and_then(|mut values| {
                    if is_late {
                        return Err(io::Error::new(
                            io::ErrorKind::TimedOut,
                            "the reply has not come in time",
                        ));
                    }
                    values.push(value(&reply, link.protocol));
                    Ok(values)
                });
            }
        }
        values
    }

    /// Connects, if the connection is not there (any more).
    fn open(&self, link: &mut Link) {
        let mut state = self.shared.lock();
        if link.id.is_some_and(|id| state.server.is_connected(id)) {
            return;
        }
        {
            let mut arrived = self.own.mailbox.lock();
            *arrived = Arrived { sender: arrived.sender.take(), ..Arrived::default() };
        }
        let id = state.connect(Box::new(self.own.mailbox.clone()));
        link.id = Some(id);
        let now = self.shared.clock.now();
        if link.protocol == Protocol::Resp3 {
            state.server.execute(id, &Command::new(["HELLO", "3"]), now);
        }
        if link.database != 0 {
            state.server.execute(id, &Command::new(["SELECT", &link.database.to_string()]), now);
        }
    }

    fn one(&self, packed: &[u8]) -> RedisResult<Value> {
        let mut values = self.send(commands(packed)?)?;
        // More than one reply has a command that subscribes to more than one channel: the last tells how many there are.
        values.pop().ok_or_else(no_reply)
    }

    fn several(&self, packed: &[u8], offset: usize, count: usize) -> RedisResult<Vec<Value>> {
        let mut values = self.send(commands(packed)?)?;
        // What a transaction could not queue is told before `EXEC` says so.
        let refused = values.iter().take(offset).find(|value| matches!(value, Value::ServerError(_)));
        if let Some(refused) = refused {
            refused.clone().extract_error()?;
        }
        if values.len() < offset + count {
            return Err(no_reply());
        }
        values.drain(..offset);
        values.truncate(count);
        Ok(values)
    }
}

fn no_reply() -> RedisError {
    (ErrorKind::Client, "the command has no reply").into()
}

/// The commands that redis-rs has packed.
fn commands(packed: &[u8]) -> RedisResult<Vec<Command>> {
    let mut requests = Requests::default();
    requests.feed(packed);
    let mut commands = Vec::new();
    let error = |error: crate::resp::ProtocolError| {
        RedisError::from((ErrorKind::Client, "this is no command", error.to_string()))
    };
    while let Some(words) = requests.next().map_err(error)? {
        commands.push(words.into());
    }
    Ok(commands)
}

/// A reply as redis-rs has it.
fn value(reply: &Reply, protocol: Protocol) -> Value {
    match reply {
        Reply::Bulk(bytes) => Value::BulkString(bytes.to_vec()),
        Reply::Integer(number) => Value::Int(*number),
        Reply::Null | Reply::NullArray => Value::Nil,
        Reply::Status(text) if &text[..] == b"OK" => Value::Okay,
        other => parsed(other, protocol),
    }
}

/// What redis-rs makes of the reply when it reads it.
fn parsed(reply: &Reply, protocol: Protocol) -> Value {
    let mut bytes = Vec::new();
    reply.encode(protocol, &mut bytes);
    redis::parse_redis_value(&bytes).expect("redis-rs reads what we write")
}

fn push_info(reply: &Reply) -> Option<PushInfo> {
    match parsed(reply, Protocol::Resp3) {
        Value::Push { kind, data } => Some(PushInfo { kind, data }),
        _ => None,
    }
}

impl redis::ConnectionLike for Connection {
    fn req_packed_command(&mut self, cmd: &[u8]) -> RedisResult<Value> {
        self.one(cmd)
    }

    fn req_packed_commands(&mut self, cmd: &[u8], offset: usize, count: usize) -> RedisResult<Vec<Value>> {
        self.several(cmd, offset, count)
    }

    fn get_db(&self) -> i64 {
        self.link().database
    }

    fn check_connection(&mut self) -> bool {
        self.one(&redis::cmd("PING").get_packed_command()).is_ok()
    }

    fn is_open(&self) -> bool {
        let link = self.link();
        link.id.is_none_or(|id| self.shared.lock().server.is_connected(id))
    }
}

/// A connection to a [`Redis`](crate::Redis) in this process, for async code: a `redis::aio::ConnectionLike`. So it has
/// `redis::AsyncCommands`, and takes pipelines and scripts.
///
/// Clones share the connection, as those of redis-rs' multiplexed connection do. If it is lost, the next command opens it
/// anew, as redis-rs' connection manager does. Its futures are done when they are polled first, on any executor.
#[derive(Clone, Debug)]
pub struct AsyncConnection(Connection);

impl From<Connection> for AsyncConnection {
    /// The same connection.
    fn from(connection: Connection) -> Self {
        AsyncConnection(connection)
    }
}

impl AsyncConnection {
    /// The next message or invalidation that has come and was not taken yet. It does not wait.
    pub fn next_push(&self) -> Option<PushInfo> {
        self.0.next_push()
    }

    /// The number of the connection, once it has sent something.
    pub fn id(&self) -> Option<ConnectionId> {
        self.0.id()
    }
}

impl redis::aio::ConnectionLike for AsyncConnection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move { self.0.one(&cmd.get_packed_command()) })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move { self.0.several(&pipeline.get_packed_pipeline(), offset, count) })
    }

    fn get_db(&self) -> i64 {
        self.0.link().database
    }
}
