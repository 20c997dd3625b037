//! The execution of a command, from its words to its output.

use bytes::Bytes;

use crate::command::{Spec, Within, find};
use crate::error::ErrorReply;
use crate::request::Command;
use crate::resp::{Protocol, Reply};
use crate::server::{Delivery, DeliveryKind, Output, Server};
use crate::session::{ConnectionId, Replies};
use crate::time::Time;

impl Server {
    /// Executes a command of the connection at time `now`, and returns its output: the reply, and
    /// the pushes to other connections. `now` should not decrease between calls: expired keys would
    /// reappear if they have not been removed.
    ///
    /// A blocking command that has to wait has no reply yet: the output of a later command, or of
    /// [`Self::time_out`], contains it.
    ///
    /// Pushes to the connection itself that its command causes follow the reply, as in Redis 7.2
    /// and later. (In 7.0 a push may precede the reply, or be within the reply of a transaction.)
    ///
    /// # Panics
    ///
    /// If the connection is closed (see [`Self::is_connected`]), or waits in a blocking command
    /// (see [`Self::is_blocked`]).
    pub fn execute(&mut self, connection: ConnectionId, command: &Command, now: Time) -> Output {
        assert!(self.is_connected(connection), "{connection} is closed: connect again");
        assert!(!self.is_blocked(connection), "{connection} waits: its next command must wait too");
        self.now = now;
        self.end_due();
        self.current = Some(connection);
        self.begin(connection);
        let reply = self.process(connection, command);
        let (own, mut others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.output.deliveries).into_iter().partition(|it| it.to == connection);
        let protocol = self.protocol(connection);
        let replies = match reply {
            Some(Reply::Several(replies)) => replies,
            reply => reply.into_iter().collect(),
        };
        let is_silent = self.is_silent(connection);
        let replies = replies.into_iter().filter(|reply| !is_silent || matches!(reply, Reply::Push(_)));
        let kind = DeliveryKind::Reply;
        others.extend(replies.map(|reply| Delivery { to: connection, protocol, kind, reply }));
        others.extend(own);
        self.output.deliveries = others;
        self.flush_own_invalidations();
        self.serve_ready();
        self.flush_broadcasts();
        self.current = None;
        let output = std::mem::take(&mut self.output);
        for closed in &output.closed {
            self.disconnect(*closed);
        }
        output
    }

    /// Prepares the session for its next command.
    fn begin(&mut self, connection: ConnectionId) {
        let now = self.now;
        let session = self.session(connection);
        session.last_seen = now;
        if session.replies == Replies::SkipNext {
            session.replies = Replies::SkipThis;
        }
    }

    /// Whether the connection has switched the reply to its current command off.
    fn is_silent(&mut self, connection: ConnectionId) -> bool {
        let session = self.session(connection);
        let is_silent = session.replies != Replies::All;
        if session.replies == Replies::SkipThis {
            session.replies = Replies::All;
        }
        is_silent
    }

    fn process(&mut self, connection: ConnectionId, command: &Command) -> Option<Reply> {
        let words = command.words();
        if words[0].eq_ignore_ascii_case(b"post") || words[0].eq_ignore_ascii_case(b"host:") {
            // Like Redis, stops cross-protocol attacks by a browser.
            self.close(connection);
            return None;
        }
        self.is_out_of_memory = self.evict();
        let found = find(words);
        let is_client = found.as_ref().is_ok_and(|spec| spec.name.starts_with("client|"));
        let session = self.session(connection);
        let is_old_subscriber = session.is_subscriber() && session.protocol == Protocol::Resp2;
        let is_queueing = session.transaction.is_some();
        let found = found.and_then(|spec| {
            may_fit(spec, words)?;
            self.authorize(connection, spec, words)?;
            self.check_monitor(connection, spec)?;
            self.check_memory(connection, spec)?;
            may_run(spec, is_old_subscriber)
        });
        let reply = match found {
            Err(error) => self.refuse(connection, words, error),
            Ok(spec) if is_queueing && spec.within != Within::Immediate => {
                self.queue(connection, command);
                Reply::status("QUEUED")
            }
            Ok(spec) => {
                self.session(connection).last_command = Some(spec.name);
                self.run(connection, spec, words, None)
            }
        };
        // `CLIENT CACHING` applies to the next command, or to its whole transaction.
        let session = self.session(connection);
        let is_next_done = session.transaction.is_none() && !is_client;
        if let Some(mode) = session.tracking.as_mut().filter(|_| is_next_done) {
            mode.caching = false;
        }
        Some(reply)
    }

    /// Rejects a command that needs memory while there is none. A transaction may need it at its
    /// end.
    fn check_memory(&mut self, connection: ConnectionId, spec: &'static Spec) -> Result<(), ErrorReply> {
        if !self.is_out_of_memory {
            return Ok(());
        }
        let needs_memory = match &self.session(connection).transaction {
            None => spec.needs_memory(),
            Some(transaction) if spec.name == "exec" => {
                let specs = transaction.commands.iter().filter_map(|command| find(command.words()).ok());
                specs.into_iter().any(Spec::needs_memory)
            }
            Some(_) => spec.within != Within::Immediate,
        };
        if needs_memory { Err(ErrorReply::OUT_OF_MEMORY) } else { Ok(()) }
    }

    /// Rejects a command, and aborts the transaction that it is part of.
    fn refuse(&mut self, connection: ConnectionId, words: &[Bytes], error: ErrorReply) -> Reply {
        let session = self.session(connection);
        if let Some(transaction) = &mut session.transaction {
            transaction.is_aborted = true;
        }
        if !words[0].eq_ignore_ascii_case(b"exec") {
            return error.into();
        }
        self.discard(connection);
        let cause = error.text().strip_prefix(b"ERR ").unwrap_or(error.text());
        let text = [b"EXECABORT Transaction discarded because of: ", cause].concat();
        ErrorReply::new(text).into()
    }

    fn queue(&mut self, connection: ConnectionId, command: &Command) {
        let session = self.session(connection);
        let is_dirty = session.is_dirty;
        if let Some(transaction) = session.transaction.as_mut().filter(|it| !is_dirty && !it.is_aborted) {
            transaction.commands.push(command.clone());
        }
    }
}

/// The commands that a RESP2 connection with subscriptions may send.
const FOR_SUBSCRIBERS: [&str; 9] = [
    "ping",
    "subscribe",
    "unsubscribe",
    "psubscribe",
    "punsubscribe",
    "ssubscribe",
    "sunsubscribe",
    "quit",
    "reset",
];

fn may_fit(spec: &'static Spec, words: &[Bytes]) -> Result<(), ErrorReply> {
    if spec.fits(words.len()) { Ok(()) } else { Err(ErrorReply::arity(spec.name)) }
}

fn may_run(spec: &'static Spec, is_old_subscriber: bool) -> Result<&'static Spec, ErrorReply> {
    if is_old_subscriber && !FOR_SUBSCRIBERS.contains(&spec.name) {
        return Err(ErrorReply::new(format!(
            "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are \
             allowed in this context",
            spec.name
        )));
    }
    Ok(spec)
}
