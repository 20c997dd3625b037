//! The commands that are sent to Redis.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, ScriptInvocation};

/// One round trip.
pub(super) enum Command {
    One(Cmd),
    Transaction(Pipeline),
    /// Not atomic.
    Pipeline(Pipeline),
    /// By its hash; the text is sent only if the server does not have it.
    Script(ScriptInvocation<'static>),
}

impl Command {
    pub(super) async fn query<T: FromRedisValue>(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> RedisResult<T> {
        match self {
            Command::One(command) => command.query_async(connection).await,
            Command::Transaction(commands) | Command::Pipeline(commands) => {
                commands.query_async(connection).await
            }
            Command::Script(invocation) => invocation.invoke_async(connection).await,
        }
    }

    /// Whether it may have been executed in part when the server returns this error.
    pub(super) fn in_part(&self, error: &RedisError) -> bool {
        let refused_as_a_whole = error.kind() == ErrorKind::Server(redis::ServerErrorKind::ExecAbort);
        !matches!(self, Command::One(_)) && !refused_as_a_whole
    }

    pub(super) fn client_id() -> Self {
        Command::One(two("CLIENT", "ID"))
    }

    pub(super) fn server_info() -> Self {
        Command::One(two("INFO", "server"))
    }

    pub(super) fn ping() -> Self {
        Command::One(redis::cmd("PING"))
    }

    /// Notifies this connection of other connections' writes of keys with this prefix.
    pub(super) fn track(prefix: &[u8]) -> Self {
        let mut command = two("CLIENT", "TRACKING");
        command.arg("ON").arg("BCAST").arg("NOLOOP");
        if !prefix.is_empty() {
            command.arg("PREFIX").arg(prefix);
        }
        Command::One(command)
    }

    /// Closes another connection.
    pub(super) fn kill(number: u64) -> Self {
        let mut command = two("CLIENT", "KILL");
        command.arg("ID").arg(number);
        Command::One(command)
    }

    /// Reads a value and its remaining time to live atomically.
    pub(super) fn get(key: &[u8]) -> Self {
        let mut commands = transaction();
        commands.cmd("GET").arg(key).cmd("PTTL").arg(key);
        Command::Transaction(commands)
    }

    /// [`Command::get`] for several keys: first the values, then the times.
    pub(super) fn get_many(keys: &[Vec<u8>]) -> Self {
        let mut commands = transaction();
        commands.cmd("MGET").arg(keys);
        for key in keys {
            commands.cmd("PTTL").arg(key);
        }
        Command::Transaction(commands)
    }

    /// [`Command::get_many`], and the numbers of existing marks of the keys.
    pub(super) fn get_open(keys: &[Vec<u8>], marks: &[Vec<u8>]) -> Self {
        let mut commands = transaction();
        commands.cmd("MGET").arg(keys);
        for key in keys {
            commands.cmd("PTTL").arg(key);
        }
        for mark in marks {
            commands.cmd("EXISTS").arg(mark);
        }
        Command::Transaction(commands)
    }

    /// Also ends `lease`, if there is one.
    pub(super) fn set(key: &[u8], value: &[u8], ttl: Option<Duration>, lease: Option<&[u8]>) -> Self {
        let mut set = redis::cmd("SET");
        set.arg(key).arg(value);
        if let Some(ttl) = ttl {
            set.arg("PX").arg(milliseconds(ttl));
        }
        match lease {
            None => Command::One(set),
            Some(lease) => {
                let mut commands = transaction();
                commands.add_command(set).cmd("DEL").arg(lease);
                Command::Transaction(commands)
            }
        }
    }

    /// Requires at least one key.
    pub(super) fn delete(keys: &[Vec<u8>]) -> Self {
        let mut command = redis::cmd("DEL");
        command.arg(keys);
        Command::One(command)
    }
}

fn two(first: &str, second: &str) -> Cmd {
    let mut command = redis::cmd(first);
    command.arg(second);
    command
}

fn transaction() -> Pipeline {
    let mut commands = redis::pipe();
    commands.atomic();
    commands
}

/// A TTL for Redis: at least 1 ms, otherwise rounded down. Redis refuses times beyond the range of
/// its clock, so that the longest is a thousand years.
pub(super) fn milliseconds(ttl: Duration) -> u64 {
    const MOST: u64 = 1_000 * 365 * 24 * 60 * 60 * 1_000;
    u64::try_from(ttl.as_millis()).unwrap_or(MOST).clamp(1, MOST)
}

/// Whether the error is an answer of the server, so that the command has completed.
pub(super) fn is_reply(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ttl_is_never_longer_than_it_was_given_but_for_the_shortest() {
        assert_eq!(milliseconds(Duration::ZERO), 1);
        assert_eq!(milliseconds(Duration::from_micros(1_999)), 1);
        assert_eq!(milliseconds(Duration::from_millis(2)), 2);
        assert_eq!(milliseconds(Duration::MAX), milliseconds(Duration::from_secs(u64::MAX / 1_000)));
    }
}
