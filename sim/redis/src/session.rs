//! The server's state for one connection.

use std::collections::BTreeSet;
use std::fmt;

use bytes::Bytes;

use crate::request::Command;
use crate::resp::Protocol;
use crate::time::Time;

/// A connection's number, as in `CLIENT ID`. Numbers are unique.
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

/// The server's state for one connection.
#[derive(Debug, Default)]
pub(crate) struct Session {
    pub(crate) database: usize,
    pub(crate) protocol: Protocol,
    pub(crate) name: Option<Bytes>,
    /// The open transaction, from `MULTI` on.
    pub(crate) transaction: Option<Transaction>,
    pub(crate) watched: Vec<WatchedKey>,
    /// A watched key has changed, so `EXEC` executes nothing.
    pub(crate) is_dirty: bool,
    pub(crate) channels: BTreeSet<Bytes>,
    /// In the order of subscription.
    pub(crate) patterns: Vec<Bytes>,
    pub(crate) shards: BTreeSet<Bytes>,
    pub(crate) replies: Replies,
    pub(crate) user: Bytes,
    pub(crate) is_authenticated: bool,
    /// The time at which the connection was opened.
    pub(crate) opened: Time,
    /// The time of its last command.
    pub(crate) last_seen: Time,
    /// The name of its last command.
    pub(crate) last_command: Option<&'static str>,
    pub(crate) tracking: Option<TrackingMode>,
    /// The blocking command that waits, if any.
    pub(crate) blocked: Option<Blocked>,
}

/// Which replies the connection receives (`CLIENT REPLY`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Replies {
    #[default]
    All,
    None,
    /// All except that to the next command.
    SkipNext,
    /// All except that to the current command.
    SkipThis,
}

/// A blocking command that waits for one of its keys.
#[derive(Debug)]
pub(crate) struct Blocked {
    pub(crate) kind: BlockedOn,
    pub(crate) database: usize,
    pub(crate) keys: Vec<Bytes>,
    /// The command's name and arguments.
    pub(crate) words: Vec<Bytes>,
    /// The time at which it stops to wait, in milliseconds since the Unix epoch.
    pub(crate) deadline: Option<i64>,
}

/// What a blocking command waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockedOn {
    List,
    SortedSet,
    Stream,
    /// Acknowledgements of replicas, which never come.
    Replicas,
}

/// A transaction and its queued commands.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    pub(crate) commands: Vec<Command>,
    /// A command could not be queued, so `EXEC` fails.
    pub(crate) is_aborted: bool,
}

/// A key that a connection watches.
#[derive(Debug)]
pub(crate) struct WatchedKey {
    pub(crate) database: usize,
    pub(crate) key: Bytes,
    /// The key had expired before `WATCH`, so its removal is not a change.
    pub(crate) was_expired: bool,
}

/// The options of `CLIENT TRACKING ON`.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrackingMode {
    pub(crate) is_broadcast: bool,
    pub(crate) prefixes: BTreeSet<Bytes>,
    pub(crate) opt_in: bool,
    pub(crate) opt_out: bool,
    pub(crate) no_loop: bool,
    /// The connection that receives the invalidations instead.
    pub(crate) redirect: Option<ConnectionId>,
    /// `CLIENT CACHING` was called: the next command is an exception to the mode.
    pub(crate) caching: bool,
    /// The target of the redirection is closed.
    pub(crate) is_redirect_broken: bool,
}

impl Session {
    /// The number of subscribed channels and patterns, without sharded channels.
    pub(crate) fn subscriptions(&self) -> usize {
        self.channels.len() + self.patterns.len()
    }

    pub(crate) fn is_subscriber(&self) -> bool {
        self.subscriptions() > 0 || !self.shards.is_empty()
    }

    /// Whether the keys that this connection reads now are tracked.
    pub(crate) fn tracks_reads(&self) -> bool {
        self.tracking.as_ref().is_some_and(|mode| {
            let is_excepted = if mode.opt_in { !mode.caching } else { mode.opt_out && mode.caching };
            !mode.is_broadcast && !is_excepted
        })
    }
}
