//! What happens in an exploration, for whoever records it.

use bytes::Bytes;

use crate::command::Command;
use crate::resp::Reply;
use crate::server::Server;
use crate::session::ConnectionId;

/// What has just happened, in the engine's last step. See [`Redis::watch_steps`](crate::Redis::watch_steps).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Seen<'a> {
    /// The server has executed commands: one, or a transaction that was sent as a whole.
    Executed {
        /// Who has sent them.
        connection: ConnectionId,
        /// What was sent.
        commands: &'a [Command],
        /// What was replied. Nothing, if the reply was lost.
        replies: &'a [Reply],
        /// The server, as it is now.
        server: &'a Server,
    },
    /// A key's deadline has passed.
    Expired {
        /// The key's database.
        database: usize,
        /// The key.
        key: &'a Bytes,
        /// Whether the key was removed. It was not if it had no deadline any more.
        is_removed: bool,
        /// The server, as it is now.
        server: &'a Server,
    },
    /// When a key's deadline passes has been chosen, where [it may be late](crate::Redis::let_deadlines_be_late).
    Due {
        /// The key's database.
        database: usize,
        /// The key.
        key: &'a Bytes,
        /// Whether it passes only once late ones are let.
        is_late: bool,
        /// The server, as it is now.
        server: &'a Server,
    },
    /// A task has begun a block of local code: its reply has arrived, or it said so.
    LocalCode,
    /// A message or an invalidation has arrived.
    Arrived {
        /// Where.
        connection: ConnectionId,
        /// What.
        push: &'a Reply,
    },
    /// It has been dealt with: what was sent to the connection after it may arrive.
    Handled {
        /// Where it has arrived, or would have.
        connection: ConnectionId,
    },
    /// What a task was waiting for has been dealt with.
    Waited,
    /// A message or an invalidation was lost.
    Lost {
        /// Where it would have arrived.
        connection: ConnectionId,
        /// What.
        push: &'a Reply,
    },
}

/// Is told what happens.
pub(super) type Watcher = Box<dyn Fn(Seen<'_>) + Send + Sync>;

impl Server {
    /// The string that a key of a database holds: a look that changes nothing, and removes nothing that is past its
    /// deadline.
    pub fn string(&self, database: usize, key: &[u8]) -> Option<&Bytes> {
        self.databases.get(database)?.text(key)
    }
}
