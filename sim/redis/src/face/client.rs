//! In-process connections with redis-rs' traits.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::AsyncPushSender;
use redis::{Cmd, ErrorKind, Pipeline, PushInfo, RedisError, RedisFuture, RedisResult, Value};

#[cfg(feature = "engine")]
use super::explored::{Explored, Local, Sender, Stream};
use super::inbox::{Abandoned, Arrived, Inbox, parsed};
use super::shared::{Shared, State};
use super::turn::Turn;
use crate::request::Command;
use crate::resp::{Protocol, Reply, Requests};
use crate::session::ConnectionId;

/// A connection to a [`Redis`](crate::Redis) in this process. It implements
/// `redis::ConnectionLike`, and thereby `redis::Commands`, pipelines and scripts.
/// [`AsyncConnection`] is the variant for async code.
///
/// Clones share the connection. After a lost connection the next command reconnects. Subscriptions,
/// tracking and an open transaction do not survive.
#[derive(Clone)]
pub struct Connection {
    shared: Arc<Shared>,
    inner: Arc<Inner>,
}

/// The replies to commands that were sent together.
struct Taken {
    values: Result<Vec<Value>, io::Error>,
    /// The response timeout, if a reply was delayed beyond it.
    late: Option<Duration>,
}

impl Default for Taken {
    fn default() -> Self {
        Taken { values: Ok(Vec::new()), late: None }
    }
}

impl Taken {
    /// Records an error. The first error wins.
    fn fail(&mut self, kind: io::ErrorKind, text: &str) {
        if self.values.is_ok() {
            self.values = Err(io::Error::new(kind, text));
        }
    }
}

/// The state that clones of a connection share.
struct Inner {
    shared: Arc<Shared>,
    link: Mutex<Link>,
    mailbox: Inbox,
    /// Held while sending, so that two senders do not receive each other's replies.
    turn: Turn,
}

/// The connection's configuration and current server connection.
#[derive(Debug, Default)]
struct Link {
    id: Option<ConnectionId>,
    protocol: Protocol,
    database: i64,
    timeout: Option<Duration>,
    #[cfg(feature = "engine")]
    local: Local,
    /// The pushes in flight to the connection, if it can receive pushes.
    #[cfg(feature = "engine")]
    stream: Option<Arc<Stream>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        let id = self.link.get_mut().map(|link| link.id).unwrap_or(None);
        let Some(id) = id else { return };
        #[cfg(feature = "engine")]
        if let Some(explored) = &self.shared.explored {
            explored.disconnects(id);
        }
        self.shared.lock().disconnect(id);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("link", &*self.link()).finish_non_exhaustive()
    }
}

impl Connection {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let inner = Inner {
            shared: shared.clone(),
            link: Mutex::default(),
            mailbox: Inbox::default(),
            turn: Turn::default(),
        };
        Connection { shared, inner: Arc::new(inner) }
    }

    fn link(&self) -> MutexGuard<'_, Link> {
        self.inner.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Uses RESP3: the connection then receives invalidations and messages among its replies.
    #[must_use]
    pub fn with_resp3(self) -> Self {
        self.change(|link| link.protocol = Protocol::Resp3)
    }

    /// Selects a database, from 0 to 15.
    #[must_use]
    pub fn with_database(self, database: i64) -> Self {
        self.change(|link| link.database = database)
    }

    /// Sets the response timeout. A reply that is [delayed](crate::Fault::Delayed) by this duration
    /// or longer results in an error, although the command was executed. Without a timeout, delays
    /// have no effect.
    #[must_use]
    pub fn with_response_timeout(self, timeout: Duration) -> Self {
        self.change(|link| link.timeout = Some(timeout))
    }

    /// Sends messages and invalidations to `sender` as they arrive, instead of queueing them for
    /// [`Connection::next_push`].
    #[must_use]
    pub fn with_push_sender(self, sender: impl AsyncPushSender) -> Self {
        self.inner.mailbox.lock().sender = Some(Arc::new(sender));
        self
    }

    fn change(self, change: impl FnOnce(&mut Link)) -> Self {
        let mut link = self.link();
        change(&mut link);
        if let Some(id) = link.id.take() {
            self.shared.lock().disconnect(id);
        }
        drop(link);
        #[cfg(feature = "engine")]
        self.open_at_once();
        self
    }

    /// Opens a connection that can receive pushes before it sends a command, so that the
    /// exploration includes it from the start.
    #[cfg(feature = "engine")]
    fn open_at_once(&self) {
        let Some(explored) = &self.shared.explored else { return };
        let (protocol, local) = {
            let link = self.link();
            (link.protocol, link.local)
        };
        if protocol == Protocol::Resp3 {
            let stream = explored.stream(local);
            self.link().stream = Some(stream.clone());
            let id = self.open(&mut self.shared.lock());
            explored.enable_pushes(id, &stream);
        }
    }

    /// Declares that the code around the connection runs in process `number` (default 0), and
    /// shares memory only with other code of that process. For an
    /// [explored](crate::Redis::explored) server.
    #[cfg(feature = "engine")]
    #[must_use]
    pub fn in_process(self, number: u32) -> Self {
        if let Some(explored) = &self.shared.explored {
            explored.make_process(number);
        }
        self.change(|link| link.local = Local::Process(number))
    }

    /// Declares that the code around the connection shares only engine objects with other tasks:
    /// operations on them are the events, and blocks of code are not. For an
    /// [explored](crate::Redis::explored) server.
    #[cfg(feature = "engine")]
    #[must_use]
    pub fn with_instrumented_code(self) -> Self {
        self.change(|link| link.local = Local::Instrumented)
    }

    /// Returns the oldest message or invalidation that has arrived and was not taken yet. Does not
    /// wait.
    #[cfg_attr(feature = "engine", track_caller)]
    pub fn next_push(&self) -> Option<PushInfo> {
        #[cfg(feature = "engine")]
        if let Some(explored) = &self.shared.explored {
            let (local, stream) = {
                let link = self.link();
                (link.local, link.stream.clone())
            };
            explored.touch_pushes(local, stream.as_deref());
        }
        self.inner.mailbox.lock().pushes.pop_front()
    }

    /// Sends a command, and returns its reply, for code that does not use redis-rs' types. A reply
    /// that is an error is one of the replies.
    ///
    /// # Errors
    ///
    /// If the connection fails.
    #[track_caller]
    pub fn command(&self, words: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Result<Reply, io::Error> {
        let mut values = self.send(vec![Command::new(words)])?;
        Ok(values.pop().map_or(Reply::Null, reply_of))
    }

    /// The id of the connection, once it has sent a command.
    pub fn id(&self) -> Option<ConnectionId> {
        self.link().id
    }

    /// Sends commands in order, and returns one reply for each command that got one. All commands
    /// are sent before the first reply is examined.
    #[track_caller]
    fn send(&self, commands: Vec<Command>) -> Result<Vec<Value>, io::Error> {
        #[cfg(feature = "engine")]
        if let Some(explored) = &self.shared.explored {
            return self.send_explored(explored, &commands);
        }
        let _turn = self.inner.turn.take_blocking();
        self.inner.mailbox.wait_blocking(Arrived::is_in_order);
        let id = self.open(&mut self.shared.lock());
        let mut taken = Taken::default();
        for command in commands {
            if self.id().is_none() {
                break;
            }
            if self.execute(id, command) {
                self.inner.mailbox.wait_blocking(Arrived::has_reply);
            }
            self.take(&mut taken);
        }
        taken.values
    }

    /// Like `send`, for async code: a blocking command does not block the thread.
    async fn send_async(&self, commands: Vec<Command>) -> Result<Vec<Value>, io::Error> {
        #[cfg(feature = "engine")]
        if let Some(explored) = &self.shared.explored {
            return self.send_explored(explored, &commands);
        }
        let _turn = self.inner.turn.take().await;
        let mailbox = &self.inner.mailbox;
        mailbox.wait(Arrived::is_in_order).await;
        let id = self.open(&mut self.shared.lock());
        let mut taken = Taken::default();
        for command in commands {
            if self.id().is_none() {
                break;
            }
            if self.execute(id, command) {
                let mut abandoned = Abandoned(Some(mailbox));
                mailbox.wait(Arrived::has_reply).await;
                abandoned.0 = None;
            }
            self.take(&mut taken);
        }
        taken.values
    }

    /// Executes a command, and returns whether its reply is late: it waits in a blocking command.
    fn execute(&self, id: ConnectionId, command: Command) -> bool {
        let waits = {
            let mut state = self.shared.lock();
            state.send(id, command, self.shared.clock.now());
            state.server.is_blocked(id)
        };
        if waits {
            self.shared.tick();
        }
        waits
    }

    /// Like `send`, as events of an exploration. No lock is held while other tasks may run: a task
    /// that waits for the lock would deadlock.
    #[cfg(feature = "engine")]
    #[track_caller]
    fn send_explored(&self, explored: &Explored, commands: &[Command]) -> Result<Vec<Value>, io::Error> {
        let (local, sender) = {
            let link = self.link();
            let (timeout, stream) = (link.timeout, link.stream.clone());
            let database = usize::try_from(link.database).unwrap_or_default();
            (link.local, Sender { database, timeout, stream, open: &|state| self.open(state) })
        };
        let mut taken = Taken::default();
        let mut ahead = None;
        for commands in commands.chunks(explored.event_size(commands)) {
            let (id, sent_before) = explored.send(&self.shared, &sender, commands);
            ahead = sent_before;
            explored.wait_for_reply(id);
            explored.executed(&self.shared, id, commands, &self.inner.mailbox.replies());
            self.take(&mut taken);
            if self.id().is_none() {
                break;
            }
        }
        explored.arrive(local, ahead, taken.late);
        taken.values
    }

    /// Takes the replies that have arrived.
    fn take(&self, taken: &mut Taken) {
        let mut link = self.link();
        let mut arrived = self.inner.mailbox.lock();
        if arrived.is_closed {
            link.id = None;
        }
        if arrived.replies.is_empty() && arrived.is_closed {
            taken.fail(io::ErrorKind::ConnectionReset, "the server closed the connection");
        }
        for (reply, later) in std::mem::take(&mut arrived.replies) {
            if link.timeout.zip(later).is_some_and(|(timeout, later)| later >= timeout) {
                taken.late = link.timeout;
                taken.fail(io::ErrorKind::TimedOut, "the reply did not arrive within the response timeout");
            }
            match (value(&reply, link.protocol), &mut taken.values) {
                (Ok(value), Ok(values)) => values.push(value),
                // redis-rs reads no reply that nests so deep.
                (Err(error), _) => taken.fail(io::ErrorKind::InvalidData, &error.to_string()),
                (_, Err(_)) => {}
            }
        }
    }

    /// Connects, unless the connection is open.
    fn open(&self, state: &mut State) -> ConnectionId {
        let mut link = self.link();
        if let Some(id) = link.id.filter(|id| state.server.is_connected(*id)) {
            return id;
        }
        self.inner.mailbox.reopen();
        let id = state.connect(Box::new(self.inner.mailbox.clone()));
        link.id = Some(id);
        let now = self.shared.clock.now();
        if link.protocol == Protocol::Resp3 {
            state.server.execute(id, &Command::new(["HELLO", "3"]), now);
        }
        if link.database != 0 {
            state.server.execute(id, &Command::new(["SELECT", &link.database.to_string()]), now);
        }
        #[cfg(feature = "engine")]
        if let Some((explored, stream)) = self.shared.explored.as_ref().zip(link.stream.as_ref()) {
            explored.reconnected(id, stream);
        }
        id
    }

    fn one(values: Vec<Value>) -> RedisResult<Value> {
        let mut values = values;
        // Subscribing to several channels gives several replies; the last has the count.
        values.pop().ok_or_else(no_reply)
    }

    fn several(mut values: Vec<Value>, offset: usize, count: usize) -> RedisResult<Vec<Value>> {
        // Reports a command that the transaction could not queue, rather than the error of `EXEC`.
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
    (ErrorKind::Client, "the command got no reply").into()
}

/// Decodes the commands that redis-rs has packed.
fn commands(packed: &[u8]) -> RedisResult<Vec<Command>> {
    let mut requests = Requests::default();
    requests.feed(packed);
    let mut commands = Vec::new();
    let error = |error: crate::resp::ProtocolError| {
        RedisError::from((ErrorKind::Client, "not a valid command", error.to_string()))
    };
    while let Some(words) = requests.next().map_err(error)? {
        commands.push(words.into());
    }
    Ok(commands)
}

/// The reply that redis-rs' value stands for.
fn reply_of(value: Value) -> Reply {
    match value {
        Value::Nil => Reply::Null,
        Value::Int(number) => Reply::Integer(number),
        Value::BulkString(bytes) => Reply::bulk(bytes),
        Value::Okay => Reply::status("OK"),
        Value::SimpleString(text) => Reply::Status(text.into()),
        Value::Array(values) => Reply::Array(values.into_iter().map(reply_of).collect()),
        Value::ServerError(error) => Reply::Error(error.to_string().into()),
        // Only RESP3 has other values.
        other => Reply::Error(format!("an unexpected value: {other:?}").into()),
    }
}

/// Converts a reply to redis-rs' type.
fn value(reply: &Reply, protocol: Protocol) -> RedisResult<Value> {
    Ok(match reply {
        Reply::Bulk(bytes) => Value::BulkString(bytes.to_vec()),
        Reply::Integer(number) => Value::Int(*number),
        Reply::Null | Reply::NullArray => Value::Nil,
        Reply::Status(text) if &text[..] == b"OK" => Value::Okay,
        other => parsed(other, protocol)?,
    })
}

impl redis::ConnectionLike for Connection {
    fn req_packed_command(&mut self, cmd: &[u8]) -> RedisResult<Value> {
        Connection::one(self.send(commands(cmd)?)?)
    }

    fn req_packed_commands(&mut self, cmd: &[u8], offset: usize, count: usize) -> RedisResult<Vec<Value>> {
        Connection::several(self.send(commands(cmd)?)?, offset, count)
    }

    fn get_db(&self) -> i64 {
        self.link().database
    }

    fn check_connection(&mut self) -> bool {
        self.send(vec![Command::new(["PING"])]).is_ok()
    }

    fn is_open(&self) -> bool {
        let link = self.link();
        link.id.is_none_or(|id| self.shared.lock().server.is_connected(id))
    }
}

/// A connection to a [`Redis`](crate::Redis) in this process, for async code. It implements
/// `redis::aio::ConnectionLike`, and thereby `redis::AsyncCommands`, pipelines and scripts.
///
/// Clones share the connection, like those of redis-rs' multiplexed connection. After a lost
/// connection the next command reconnects, like redis-rs' connection manager. Its futures complete
/// at the first poll, on any executor, except those of blocking commands.
#[derive(Clone, Debug)]
pub struct AsyncConnection(Connection);

impl From<Connection> for AsyncConnection {
    /// Wraps the same connection.
    fn from(connection: Connection) -> Self {
        AsyncConnection(connection)
    }
}

impl AsyncConnection {
    /// Returns the oldest message or invalidation that has arrived and was not taken yet. Does not
    /// wait.
    pub fn next_push(&self) -> Option<PushInfo> {
        self.0.next_push()
    }

    /// The id of the connection, once it has sent a command.
    pub fn id(&self) -> Option<ConnectionId> {
        self.0.id()
    }

    /// See [`Connection::in_process`].
    #[cfg(feature = "engine")]
    #[must_use]
    pub fn in_process(self, number: u32) -> Self {
        AsyncConnection(self.0.in_process(number))
    }

    /// See [`Connection::with_instrumented_code`].
    #[cfg(feature = "engine")]
    #[must_use]
    pub fn with_instrumented_code(self) -> Self {
        AsyncConnection(self.0.with_instrumented_code())
    }
}

impl redis::aio::ConnectionLike for AsyncConnection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(
            async move { Connection::one(self.0.send_async(commands(&cmd.get_packed_command())?).await?) },
        )
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            let values = self.0.send_async(commands(&pipeline.get_packed_pipeline())?).await?;
            Connection::several(values, offset, count)
        })
    }

    fn get_db(&self) -> i64 {
        self.0.link().database
    }
}
