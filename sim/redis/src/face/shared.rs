//! The server behind all interfaces, and the mailboxes of its connections.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use super::api::Sent;
use super::clock::Clock;
#[cfg(feature = "engine")]
use super::explored::Explored;
use super::fault::{Fault, Faults};
use crate::error::ErrorReply;
use crate::request::Command;
use crate::server::{Delivery, DeliveryKind, Output, Server};
use crate::session::ConnectionId;
use crate::time::Time;

/// Interval of active expiry.
pub(super) const CYCLE: Duration = Duration::from_millis(100);
/// Interval at which the timeouts of blocking commands are checked.
pub(super) const TICK: Duration = Duration::from_millis(5);
/// Maximum number of expired keys that one cycle removes.
const A_CYCLE_REMOVES: usize = 1_000;
/// Default number of retained commands.
const DEFAULT_MAX_SENT: usize = 10_000;

/// The destination of deliveries to a connection.
pub(super) trait Mailbox: Send {
    /// Accepts a delivery. A delay applies to it and to all later deliveries.
    fn deliver(&self, delivery: Delivery, later: Option<Duration>);
    /// Closes the mailbox: the connection has ended.
    fn close(&self);
}

/// The server behind all interfaces.
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) clock: Arc<dyn Clock>,
    /// Whether a thread checks the timeouts of blocking commands.
    is_ticking: AtomicBool,
    /// If present, operations of clients are events of an exploration.
    #[cfg(feature = "engine")]
    pub(super) explored: Option<Explored>,
}

pub(super) struct State {
    pub(super) server: Server,
    /// The mailbox of each connection. The connection of the typed interface has none.
    mailboxes: BTreeMap<ConnectionId, Box<dyn Mailbox>>,
    pub(super) faults: Faults,
    pub(super) sent: VecDeque<Sent>,
    /// Maximum number of commands in `sent`.
    pub(super) max_sent: usize,
    /// Whether active expiry is enabled.
    pub(super) expires: bool,
    last_cycle: Time,
    /// Pushes in flight. Only an exploration delays them.
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
            max_sent: DEFAULT_MAX_SENT,
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
            is_ticking: AtomicBool::new(false),
            #[cfg(feature = "engine")]
            explored: None,
        }
    }

    /// Like `new`, for an exploration.
    #[cfg(feature = "engine")]
    pub(super) fn explored(clock: Arc<dyn Clock>, explored: Explored) -> Self {
        let shared = Shared { explored: Some(explored), ..Shared::new(clock) };
        let mut state = shared.lock();
        state.holds_pushes = true;
        // Otherwise a script could touch more than the search assumes.
        state.server.require_declared_keys();
        state.server.reject_random_choices();
        drop(state);
        shared
    }

    /// Starts a thread that ends blocking commands at their timeouts, until none waits.
    pub(super) fn tick(self: &Arc<Self>) {
        if self.is_ticking.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = Arc::downgrade(self);
        thread::spawn(move || {
            while let Some(shared) = shared.upgrade() {
                let Ok(mut state) = shared.state.lock() else { return };
                if !state.server.has_blocked() {
                    // A command that begins to wait afterwards starts another thread: it blocks
                    // while it holds the lock.
                    shared.is_ticking.store(false, Ordering::Release);
                    return;
                }
                state.time_out(shared.clock.now());
                drop(state);
                drop(shared);
                thread::sleep(TICK);
            }
        });
    }

    /// Locks the server.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| {
            panic!("the server panicked earlier, so its data may be inconsistent: {poisoned}")
        })
    }
}

impl State {
    pub(super) fn connect(&mut self, mailbox: Box<dyn Mailbox>) -> ConnectionId {
        let connection = self.server.connect();
        self.mailboxes.insert(connection, mailbox);
        connection
    }

    /// Opens a connection with this number.
    #[cfg(feature = "engine")]
    pub(super) fn connect_as(&mut self, connection: ConnectionId, mailbox: Box<dyn Mailbox>) {
        self.server.connect_as(connection);
        self.mailboxes.insert(connection, mailbox);
    }

    pub(super) fn disconnect(&mut self, connection: ConnectionId) {
        self.server.disconnect(connection);
        if let Some(mailbox) = self.mailboxes.remove(&connection) {
            mailbox.close();
        }
    }

    /// Executes a client's command, subject to injected faults, and delivers the results to the
    /// mailboxes.
    pub(super) fn send(&mut self, connection: ConnectionId, command: Command, now: Time) {
        self.cycle(now);
        let fault = self.faults.take(&command);
        if fault != Some(Fault::ConnectionLost) {
            self.record(connection, &command, now);
        }
        match fault {
            Some(Fault::ConnectionLost) => self.disconnect(connection),
            Some(Fault::Refused) => {
                let protocol = self.server.protocol(connection);
                let reply = ErrorReply::fixed("LOADING Redis is loading the dataset in memory").into();
                self.deliver(Delivery { to: connection, protocol, kind: DeliveryKind::Reply, reply }, None);
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

    fn record(&mut self, connection: ConnectionId, command: &Command, at: Time) {
        if self.max_sent > 0 {
            self.sent.push_back(Sent { connection, command: command.clone(), at });
        }
        while self.sent.len() > self.max_sent {
            self.sent.pop_front();
        }
    }

    pub(super) fn deliver_all(&mut self, output: Output, delayed: Option<(ConnectionId, Duration)>) {
        for delivery in output.deliveries {
            let later = delayed.filter(|(connection, _)| *connection == delivery.to).map(|(_, later)| later);
            if delivery.kind == DeliveryKind::Reply || !self.faults.take_push() {
                self.deliver(delivery, later);
            }
        }
        for closed in output.closed {
            self.disconnect(closed);
        }
    }

    fn deliver(&mut self, delivery: Delivery, later: Option<Duration>) {
        #[cfg(feature = "engine")]
        if self.holds_pushes && delivery.kind == DeliveryKind::Push {
            self.pushes.push(delivery);
            return;
        }
        self.deliver_now(delivery, later);
    }

    /// Delivers to the connection's mailbox.
    pub(super) fn deliver_now(&self, delivery: Delivery, later: Option<Duration>) {
        if let Some(mailbox) = self.mailboxes.get(&delivery.to) {
            mailbox.deliver(delivery, later);
        }
    }

    /// Ends the blocking commands whose timeout has passed. Runs active expiry if an interval has
    /// passed.
    pub(super) fn cycle(&mut self, now: Time) {
        self.time_out(now);
        if self.expires && now >= self.last_cycle.after(CYCLE) {
            self.last_cycle = now;
            let output = self.server.expire(now, A_CYCLE_REMOVES);
            self.deliver_all(output, None);
        }
    }

    /// Ends the blocking commands whose timeout has passed.
    pub(super) fn time_out(&mut self, now: Time) {
        if self.server.next_timeout().is_some_and(|next| next <= now) {
            let output = self.server.time_out(now);
            self.deliver_all(output, None);
        }
    }

    /// Removes all expired keys.
    pub(super) fn expire(&mut self, now: Time) {
        self.time_out(now);
        self.last_cycle = now;
        let output = self.server.expire(now, usize::MAX);
        self.deliver_all(output, None);
    }
}
