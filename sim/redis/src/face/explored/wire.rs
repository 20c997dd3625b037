//! A connection whose client sends and receives bytes, in an exploration.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::pushes::Stream;
use super::world::{Explored, Sender};
use crate::face::api::Redis;
use crate::face::shared::{Mailbox, Shared, State};
use crate::request::Command;
use crate::resp::{Reply, Requests};
use crate::server::{Delivery, DeliveryKind};
use crate::session::ConnectionId;

/// The client's end of a [`Wire`]. Its methods are called in tasks of the exploration.
pub trait WireClient: Send + Sync {
    /// Accepts bytes from the server, which has closed the connection if `is_closed`. It may
    /// announce an event.
    fn receive(&self, bytes: Vec<u8>, is_closed: bool);
    /// The last event has executed commands: `describe` returns them with their replies.
    fn executed(&self, describe: &dyn Fn() -> String);
    /// The server does not have a command that the client has sent, and replied with this error.
    fn unsupported(&self, error: &str);
}

/// A connection that a simulated network makes to an [explored](Redis::explored) server: its client
/// sends and receives RESP as bytes.
///
/// One task of the exploration calls [`receive`](Wire::receive) and [`close`](Wire::close).
pub struct Wire {
    shared: Arc<Shared>,
    id: ConnectionId,
    mailbox: Incoming,
    requests: Mutex<Received>,
    stream: Arc<Stream>,
    receives_pushes: Mutex<bool>,
    client: Arc<dyn WireClient>,
}

#[derive(Default)]
struct Received {
    requests: Requests,
    /// Complete commands that have not been executed.
    commands: VecDeque<Command>,
}

/// Deliveries on their way to the client.
#[derive(Clone, Default)]
struct Incoming(Arc<Mutex<Deliveries>>);

#[derive(Default)]
struct Deliveries {
    /// Encoded replies.
    replied: Vec<u8>,
    /// Encoded pushes.
    pushed: Vec<u8>,
    replies: Vec<Reply>,
    is_closed: bool,
}

impl Incoming {
    fn lock(&self) -> MutexGuard<'_, Deliveries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes the replies to the client, if there are any.
    fn pass_replies(&self, client: &dyn WireClient) {
        let (bytes, is_closed) = {
            let mut deliveries = self.lock();
            deliveries.replies.clear();
            (std::mem::take(&mut deliveries.replied), deliveries.is_closed)
        };
        if !bytes.is_empty() || is_closed {
            client.receive(bytes, is_closed);
        }
    }

    /// Passes the pushes to the client.
    fn pass_pushes(&self, client: &dyn WireClient) {
        let bytes = std::mem::take(&mut self.lock().pushed);
        client.receive(bytes, false);
    }
}

impl Mailbox for Incoming {
    fn deliver(&self, delivery: Delivery, _: Option<Duration>) {
        let mut deliveries = self.lock();
        if delivery.kind == DeliveryKind::Push {
            return delivery.encode(&mut deliveries.pushed);
        }
        delivery.encode(&mut deliveries.replied);
        deliveries.replies.push(delivery.reply);
    }

    fn close(&self) {
        self.lock().is_closed = true;
    }
}

impl Redis {
    /// A connection with this number, whose client exchanges bytes with the server. The number must
    /// be the same in each run with the same schedule, and differ from those of other connections.
    ///
    /// # Panics
    ///
    /// If the server is not [explored](Redis::explored).
    pub fn wire(&self, number: u64, client: Arc<dyn WireClient>) -> Wire {
        assert!(self.shared.explored.is_some(), "a wire needs a server from `Redis::explored`");
        let mailbox = Incoming::default();
        let (arrived, to) = (mailbox.clone(), Arc::clone(&client));
        Wire {
            shared: Arc::clone(&self.shared),
            id: ConnectionId(number),
            mailbox,
            requests: Mutex::default(),
            stream: Stream::to_wire(Box::new(move || arrived.pass_pushes(&*to))),
            receives_pushes: Mutex::new(false),
            client,
        }
    }
}

impl Wire {
    /// Accepts bytes from the client, executes the commands that are complete, and passes the
    /// replies to the client. Each command is an event, as is a transaction that is complete. The
    /// replies arrive together, as Redis sends them, unless a command waits or the connection
    /// receives pushes.
    ///
    /// Returns whether the connection is still open.
    #[track_caller]
    pub fn receive(&self, bytes: &[u8]) -> bool {
        let Some(explored) = &self.shared.explored else { return false };
        let error = self.parse(bytes);
        while let Some(commands) = self.next_commands() {
            if !self.execute(explored, &commands) {
                return false;
            }
        }
        self.mailbox.pass_replies(&*self.client);
        let Some(error) = error else { return true };
        {
            let mut state = self.shared.lock();
            let protocol = state.server.protocol(self.id);
            error.encode(protocol, &mut self.mailbox.lock().replied);
            state.disconnect(self.id);
        }
        self.mailbox.pass_replies(&*self.client);
        false
    }

    /// Whether a blocking command of the connection waits.
    pub fn is_blocked(&self) -> bool {
        self.shared.lock().server.is_blocked(self.id)
    }

    /// Closes the connection: the client has closed its end.
    #[track_caller]
    pub fn close(&self) {
        if let Some(explored) = &self.shared.explored {
            explored.disconnects(self.id);
        }
        self.shared.lock().disconnect(self.id);
    }

    /// Parses bytes. Returns the reply to a request that is no command.
    fn parse(&self, bytes: &[u8]) -> Option<Reply> {
        let mut received = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        received.requests.feed(bytes);
        loop {
            match received.requests.next() {
                Ok(Some(words)) => received.commands.push_back(words.into()),
                Ok(None) => return None,
                Err(error) => return Some(Reply::from(&error)),
            }
        }
    }

    /// The commands of the next event.
    fn next_commands(&self) -> Option<Vec<Command>> {
        let mut received = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let first = received.commands.front()?;
        let is = |command: &Command, name: &[u8]| command.name().eq_ignore_ascii_case(name);
        let end = received.commands.iter().position(|command| is(command, b"exec"));
        let count = end.filter(|_| is(first, b"multi")).map_or(1, |end| end + 1);
        Some(received.commands.drain(..count).collect())
    }

    #[track_caller]
    fn execute(&self, explored: &Explored, commands: &[Command]) -> bool {
        if commands.iter().any(subscribes) {
            self.enable_pushes(explored);
        }
        let receives_pushes = *self.receives_pushes.lock().unwrap_or_else(PoisonError::into_inner);
        let database = self.database();
        let stream = receives_pushes.then(|| Arc::clone(&self.stream));
        let sender = Sender { database, timeout: None, stream, open: &|state| self.open(state) };
        let (id, _) = explored.send(&self.shared, &sender, commands);
        let describe = || describe(commands, &self.mailbox.lock().replies);
        self.client.executed(&describe);
        self.report_unsupported();
        // Later pushes arrive after the reply.
        let (before, arrival) = receives_pushes.then(|| self.stream.send()).unzip();
        let waits = self.shared.lock().server.is_blocked(id);
        if waits {
            // The replies so far do not wait for it.
            self.mailbox.pass_replies(&*self.client);
        }
        explored.wait_for_reply(id);
        if let Some(arrival) = arrival {
            explored.wait_for(before.flatten());
            self.mailbox.pass_replies(&*self.client);
            arrival.store(1, Ordering::SeqCst);
        }
        let is_connected = self.shared.lock().server.is_connected(id);
        if !is_connected {
            self.mailbox.pass_replies(&*self.client);
        }
        is_connected
    }

    fn report_unsupported(&self) {
        for reply in self.mailbox.lock().replies.iter().filter(|reply| reply.is_unsupported()) {
            if let Reply::Error(error) = reply {
                self.client.unsupported(&String::from_utf8_lossy(error));
            }
        }
    }

    /// The connection's database: it has been selected by an earlier command of this connection.
    fn database(&self) -> usize {
        let state = self.shared.lock();
        state.server.sessions.get(&self.id).map_or(0, |session| session.database)
    }

    #[track_caller]
    fn enable_pushes(&self, explored: &Explored) {
        {
            let mut receives = self.receives_pushes.lock().unwrap_or_else(PoisonError::into_inner);
            if std::mem::replace(&mut *receives, true) {
                return;
            }
        }
        let id = self.open(&mut self.shared.lock());
        explored.enable_pushes(id, &self.stream);
    }

    fn open(&self, state: &mut State) -> ConnectionId {
        if !state.server.is_connected(self.id) {
            state.connect_as(self.id, Box::new(self.mailbox.clone()));
        }
        self.id
    }
}

/// Whether the connection may receive pushes after the command.
fn subscribes(command: &Command) -> bool {
    const NAMES: [&[u8]; 5] = [b"subscribe", b"psubscribe", b"ssubscribe", b"monitor", b"client"];
    let name = command.name().to_ascii_lowercase();
    let tracks = || command.words().get(1).is_some_and(|word| word.eq_ignore_ascii_case(b"tracking"));
    NAMES.contains(&&name[..]) && (name != b"client" || tracks())
}

/// The commands with their replies, for traces.
fn describe(commands: &[Command], replies: &[Reply]) -> String {
    let commands: Vec<_> = commands.iter().map(Command::to_string).collect();
    match replies.last() {
        Some(reply) => format!("{} → {}", commands.join("; "), short(reply)),
        None => commands.join("; "),
    }
}

fn short(reply: &Reply) -> String {
    match reply {
        Reply::Bulk(bytes) => format!("\"{}\"", bytes.escape_ascii()),
        Reply::Integer(number) => number.to_string(),
        Reply::Null | Reply::NullArray => "nil".to_owned(),
        Reply::Status(text) | Reply::Error(text) => text.escape_ascii().to_string(),
        _ => "…".to_owned(),
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("id", &self.id).finish_non_exhaustive()
    }
}
