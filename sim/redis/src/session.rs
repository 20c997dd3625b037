//! What the server knows of a connection.

use std::collections::BTreeSet;
use std::fmt;

use bytes::Bytes;

use crate::command::Command;
use crate::resp::Protocol;

/// A connection's number, as `CLIENT ID` tells it. None is given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub(crate) u64);

impl ConnectionId {
    /// The number.
    pub fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection {}", self.0)
    }
}

/// What the server knows of a connection.
#[derive(Debug, Default)]
pub(crate) struct Session {
    pub(crate) database: usize,
    pub(crate) protocol: Protocol,
    pub(crate) name: Option<Bytes>,
    /// What was queued since `MULTI`.
    pub(crate) transaction: Option<Transaction>,
    pub(crate) watched: Vec<WatchedKey>,
    /// A watched key has changed: `EXEC` will do nothing.
    pub(crate) is_dirty: bool,
    pub(crate) channels: BTreeSet<Bytes>,
    /// In the order in which they were subscribed to.
    pub(crate) patterns: Vec<Bytes>,
    pub(crate) tracking: Option<TrackingMode>,
}

/// What was queued since `MULTI`.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    pub(crate) commands: Vec<Command>,
    /// One of them could not be queued: `EXEC` will fail.
    pub(crate) is_aborted: bool,
}

/// A key that a connection watches.
#[derive(Debug)]
pub(crate) struct WatchedKey {
    pub(crate) database: usize,
    pub(crate) key: Bytes,
    /// It was past its deadline already when it was watched: removing it changes nothing.
    pub(crate) was_expired: bool,
}

/// How a connection is told of keys that change (`CLIENT TRACKING ON`).
#[derive(Clone, Debug, Default)]
pub(crate) struct TrackingMode {
    pub(crate) is_broadcast: bool,
    pub(crate) prefixes: BTreeSet<Bytes>,
    pub(crate) opt_in: bool,
    pub(crate) opt_out: bool,
    pub(crate) no_loop: bool,
    /// Who is told instead.
    pub(crate) redirect: Option<ConnectionId>,
    /// `CLIENT CACHING` was called: the next command is the exception.
    pub(crate) caching: bool,
    /// Whoever is told instead has gone.
    pub(crate) is_redirect_broken: bool,
}

impl Session {
    /// How many channels and patterns the connection is subscribed to.
    pub(crate) fn subscriptions(&self) -> usize {
        self.channels.len() + self.patterns.len()
    }

    pub(crate) fn is_subscriber(&self) -> bool {
        self.subscriptions() > 0
    }

    /// Whether what this connection reads now is remembered, so that it is told when that changes.
    pub(crate) fn remembers_reads(&self) -> bool {
        self.tracking.as_ref().is_some_and(|mode| {
            let is_excepted = if mode.opt_in { !mode.caching } else { mode.opt_out && mode.caching };
            !mode.is_broadcast && !is_excepted
        })
    }
}
