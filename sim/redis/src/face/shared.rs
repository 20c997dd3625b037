//! The server behind all faces, with who is to be told what.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::api::Sent;
use super::clock::Clock;
#[cfg(feature = "engine")]
use super::explored::Explored;
use super::fault::{Fault, Faults};
use crate::command::{Command, ErrorReply};
use crate::server::{Delivery, Kind, Output, Server};
use crate::session::ConnectionId;
use crate::time::Time;

/// How often keys that are past their deadline are looked for.
pub(super) const CYCLE: Duration = Duration::from_millis(100);
/// How many such keys are removed at once.
const A_CYCLE_REMOVES: usize = 1_000;
/// How many commands are kept, unless one asks for another number.
const KEPT: usize = 10_000;

/// Where what is sent to a connection goes.
pub(super) trait Mailbox: Send {
    /// Takes what is sent. It may come so much later, and so does all that is sent after it.
    fn deliver(&self, delivery: Delivery, later: Option<Duration>);
    /// There will be no more. The connection is gone.
    fn close(&self);
}

/// The server behind all faces.
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) clock: Arc<dyn Clock>,
    /// What clients do are events of an exploration.
    #[cfg(feature = "engine")]
    pub(super) explored: Option<Explored>,
}

pub(super) struct State {
    pub(super) server: Server,
    /// Where what is sent to each connection goes. One that has none is the typed face's own.
    mailboxes: BTreeMap<ConnectionId, Box<dyn Mailbox>>,
    pub(super) faults: Faults,
    pub(super) sent: VecDeque<Sent>,
    pub(super) keeps: usize,
    pub(super) expires: bool,
    last_cycle: Time,
    /// What was sent unasked and is still on its way. Only an exploration lets it wait there.
    #[cfg(feature = "engine")]
    pub(super) pushes: Vec<Delivery>,
    #[cfg(feature = "engine")]
    holds_pushes: bool,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let state = State {
            server: Server::new(),
            mailboxes: BTreeMap::new(),
            faults: Faults::default(),
            sent: VecDeque::new(),
            keeps: KEPT,
            expires: true,
            last_cycle: clock.now(),
            #[cfg(feature = "engine")]
            pushes: Vec::new(),
            #[cfg(feature = "engine")]
            holds_pushes: false,
        };
        Shared {
            state: Mutex::new(state),
            clock,
            #[cfg(feature = "engine")]
            explored: None,
        }
    }

    /// The same, in an exploration.
    #[cfg(feature = "engine")]
    pub(super) fn explored(clock: Arc<dyn Clock>, explored: Explored) -> Self {
        let shared = Shared { explored: Some(explored), ..Shared::new(clock) };
        shared.lock().holds_pushes = true;
        shared
    }

    /// The server, and nobody else has it meanwhile.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| {
            panic!("the server has panicked before, and what it holds cannot be relied upon: {poisoned}")
        })
    }
}

impl State {
    pub(super) fn connect(&mut self, mailbox: Box<dyn Mailbox>) -> ConnectionId {
        let connection = self.server.connect();
        self.mailboxes.insert(connection, mailbox);
        connection
    }

    pub(super) fn disconnect(&mut self, connection: ConnectionId) {
        self.server.disconnect(connection);
        if let Some(mailbox) = self.mailboxes.remove(&connection) {
            mailbox.close();
        }
    }

    /// Executes what a client has sent, as far as nothing goes wrong. What comes of it is in the mailboxes then.
    pub(super) fn send(&mut self, connection: ConnectionId, command: Command, now: Time) {
        self.cycle(now);
        let fault = self.faults.take(&command);
        if fault != Some(Fault::ConnectionLost) {
            self.keep(connection, &command, now);
        }
        match fault {
            Some(Fault::ConnectionLost) => self.disconnect(connection),
            Some(Fault::Refused) => {
                let protocol = self.server.protocol(connection);
                let reply = ErrorReply::fixed("LOADING Redis is loading the dataset in memory").into();
                self.deliver(Delivery { to: connection, protocol, kind: Kind::Reply, reply }, None);
            }
            Some(Fault::ReplyLost) => {
                let mut output = self.server.execute(connection, &command, now);
                output.deliveries.retain(|delivery| delivery.to != connection);
                self.deliver_all(output, None);
                self.disconnect(connection);
            }
            Some(Fault::Delayed(later)) => {
                let output = self.server.execute(connection, &command, now);
                self.deliver_all(output, Some((connection, later)));
            }
            Some(Fault::PushLost) | None => {
                let output = self.server.execute(connection, &command, now);
                self.deliver_all(output, None);
            }
        }
    }

    fn keep(&mut self, connection: ConnectionId, command: &Command, at: Time) {
        if self.keeps > 0 {
            self.sent.push_back(Sent { connection, command: command.clone(), at });
        }
        while self.sent.len() > self.keeps {
            self.sent.pop_front();
        }
    }

    pub(super) fn deliver_all(&mut self, output: Output, delayed: Option<(ConnectionId, Duration)>) {
        for delivery in output.deliveries {
            let later = delayed.filter(|(connection, _)| *connection == delivery.to).map(|(_, later)| later);
            if delivery.kind == Kind::Reply || !self.faults.take_push() {
                self.deliver(delivery, later);
            }
        }
        for closed in output.closed {
            self.disconnect(closed);
        }
    }

    fn deliver(&mut self, delivery: Delivery, later: Option<Duration>) {
        #[cfg(feature = "engine")]
        if self.holds_pushes && delivery.kind == Kind::Push {
            self.pushes.push(delivery);
            return;
        }
        self.bring(delivery, later);
    }

    /// It arrives.
    pub(super) fn bring(&self, delivery: Delivery, later: Option<Duration>) {
        if let Some(mailbox) = self.mailboxes.get(&delivery.to) {
            mailbox.deliver(delivery, later);
        }
    }

    /// Looks for keys that are past their deadline, if it is time to.
    pub(super) fn cycle(&mut self, now: Time) {
        if self.expires && now >= self.last_cycle.after(CYCLE) {
            self.last_cycle = now;
            let output = self.server.expire(now, A_CYCLE_REMOVES);
            self.deliver_all(output, None);
        }
    }

    /// Removes all keys that are past their deadline.
    pub(super) fn expire(&mut self, now: Time) {
        self.last_cycle = now;
        let output = self.server.expire(now, usize::MAX);
        self.deliver_all(output, None);
    }
}
