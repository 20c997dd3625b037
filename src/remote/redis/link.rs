//! One connection, and who it is to the server.

use std::sync::atomic::{AtomicU64, Ordering};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, RedisResult};

use super::command::{Command, is_reply};

/// One connection. Many commands are under way on it at once; it is never made anew.
pub(super) struct Link {
    connection: MultiplexedConnection,
    identity: Option<Identity>,
    answers: AtomicU64,
}

/// Which connection it is, of which server process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// The process' `run_id`: random, new at each start.
    process: String,
    /// The connection's number, which the process gives to no other.
    number: u64,
}

impl Link {
    /// Connects. There is no identity if the server does not let us know it.
    pub(super) async fn connect(client: &Client, config: &AsyncConnectionConfig) -> RedisResult<Self> {
        let connection = client.get_multiplexed_async_connection_with_config(config).await?;
        let mut link = Link { connection, identity: None, answers: AtomicU64::new(0) };
        let number = permitted(link.ask(&Command::client_id()).await)?;
        let info: Option<String> = permitted(link.ask(&Command::server_info()).await)?;
        let process = info.as_deref().and_then(run_id);
        link.identity = process.zip(number).map(|(process, number)| Identity { process, number });
        Ok(link)
    }

    pub(super) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// Sends the command and waits for its answer, for as long as the connection's configuration says.
    pub(super) async fn ask<T: redis::FromRedisValue>(&self, command: &Command) -> RedisResult<T> {
        let answer = command.query(&mut self.connection.clone()).await;
        if answer.as_ref().err().is_none_or(is_reply) {
            self.answers.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }

    /// How many answers have come over it: a connection that gives none any more is taken for dead.
    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Sees to it that no command of an earlier connection is carried out from now on. Answers whether that is certain.
    pub(super) async fn outlive(&self, earlier: &Identity) -> RedisResult<bool> {
        match &self.identity {
            None => Ok(false),
            // Its connections ended with it; and here the number may be somebody else's.
            Some(own) if own.process != earlier.process => Ok(true),
            Some(_) => {
                let killed: Option<u64> = permitted(self.ask(&Command::kill(earlier.number)).await)?;
                Ok(killed.is_some())
            }
        }
    }
}

/// `None` if the server refused.
fn permitted<T>(answer: Result<T, RedisError>) -> RedisResult<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if is_reply(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn run_id(info: &str) -> Option<String> {
    info.lines().find_map(|line| line.strip_prefix("run_id:")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_id_is_in_the_info_of_the_server() {
        let info = "# Server\r\nredis_version:7.0.15\r\nrun_id:0a1b\r\ntcp_port:0\r\n";
        assert_eq!(run_id(info).as_deref(), Some("0a1b"));
        assert_eq!(run_id("# Server\r\n"), None);
    }
}
