//! The steps of an exploration, for recorders.

use bytes::Bytes;

use crate::request::Command;
use crate::resp::Reply;
use crate::server::Server;
use crate::session::ConnectionId;

/// The last step of the engine. See [`Redis::watch_steps`](crate::Redis::watch_steps).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Seen<'a> {
    /// The server has executed one command, or one transaction that was sent as a whole.
    Executed {
        /// The connection that sent them.
        connection: ConnectionId,
        /// The commands.
        commands: &'a [Command],
        /// Their replies; empty if the replies were lost.
        replies: &'a [Reply],
        /// The server after this step.
        server: &'a Server,
    },
    /// A key's deadline has passed.
    Expired {
        /// The key's database.
        database: usize,
        /// The key.
        key: &'a Bytes,
        /// Whether the key was removed. `false` if it no longer had a deadline.
        is_removed: bool,
        /// The server after this step.
        server: &'a Server,
    },
    /// The search has chosen when a key's deadline passes, if it [can be
    /// late](crate::Redis::let_deadlines_be_late).
    Due {
        /// The key's database.
        database: usize,
        /// The key.
        key: &'a Bytes,
        /// Whether it passes only after [`pass_late_deadlines`](crate::Redis::pass_late_deadlines).
        is_late: bool,
        /// The server after this step.
        server: &'a Server,
    },
    /// A task has begun a block of local code: its reply has arrived, or it has declared the block.
    LocalCode,
    /// A message or an invalidation has arrived.
    Arrived {
        /// The receiving connection.
        connection: ConnectionId,
        /// The message or the invalidation.
        push: &'a Reply,
    },
    /// The delivery has completed: the next push to the connection can arrive.
    Handled {
        /// The receiving connection, also if the push was lost.
        connection: ConnectionId,
    },
    /// A task has waited for the delivery of earlier pushes.
    Waited,
    /// A message or an invalidation was lost.
    Lost {
        /// The connection that would have received it.
        connection: ConnectionId,
        /// The message or the invalidation.
        push: &'a Reply,
    },
}

/// Observer of the steps.
pub(super) type Watcher = Box<dyn Fn(Seen<'_>) + Send + Sync>;

impl Server {
    /// Returns the string stored at a key of a database. Does not change the server, and does not
    /// remove an expired key.
    pub fn string(&self, database: usize, key: &[u8]) -> Option<&Bytes> {
        self.databases.get(database)?.text(key)
    }
}
