//! One connection, and its identity on the server.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use redis::aio::{MultiplexedConnection, SendError};
use redis::{AsyncConnectionConfig, Client, PushInfo, RedisError, RedisResult, Value};

use super::command::{Command, is_reply};
use super::feed::Feed;

/// One connection, which many commands share. It never reconnects.
pub(super) struct Link {
    connection: MultiplexedConnection,
    /// The server process's `run_id`.
    process: OnceLock<String>,
    /// The connection's id.
    number: OnceLock<u64>,
    /// The earliest time at which the server process can have started.
    started: OnceLock<Instant>,
    answers: AtomicU64,
    /// Whether the server notifies the node over it.
    notifies: AtomicBool,
    is_broken: Arc<AtomicBool>,
}

/// Identifies a connection of a server process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// The process's `run_id`: random, new at each start.
    process: String,
    /// The connection's id, which the process never reuses. `None` if the user lacked the
    /// permission to query it: the connection cannot be closed, and ends with the process.
    number: Option<u64>,
}

impl Link {
    /// Connects. The identity stays unknown if the user lacks the permission to query it.
    ///
    /// # Errors
    ///
    /// If there is no connection, or the server refuses for a reason other than permissions: it
    /// requires a password, is loading, or is busy. Such a connection would have no identity,
    /// although the next one could have.
    pub(super) async fn connect(
        client: &Client,
        config: &AsyncConnectionConfig,
        feed: Option<&Feed>,
    ) -> RedisResult<Self> {
        let is_broken = Arc::<AtomicBool>::default();
        let mut config = config.clone();
        if let Some(feed) = feed.cloned() {
            let is_broken = Arc::clone(&is_broken);
            config = config.set_push_sender(move |message: PushInfo| {
                if feed.receive(&message) {
                    is_broken.store(true, Ordering::SeqCst);
                }
                Ok::<_, SendError>(())
            });
        }
        let connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        let link = Link {
            connection,
            process: OnceLock::new(),
            number: OnceLock::new(),
            started: OnceLock::new(),
            answers: AtomicU64::new(0),
            notifies: AtomicBool::new(false),
            is_broken,
        };
        link.identify().await?;
        Ok(link)
    }

    /// Queries the identity, unless it is known. An administrator may have granted the permission
    /// since.
    pub(super) async fn identify(&self) -> RedisResult<()> {
        // Another task may be faster, with the same answers.
        if self.number.get().is_none()
            && let Some(number) = permitted(self.ask(&Command::client_id()).await)?
        {
            let _ = self.number.set(number);
        }
        if self.process.get().is_some() {
            return Ok(());
        }
        let info: Option<String> = permitted(self.ask(&Command::server_info()).await)?;
        let info = info.as_deref().unwrap_or_default();
        if let Some(uptime) = uptime(info) {
            // The server counts whole seconds.
            let age = uptime.saturating_add(Duration::from_secs(1));
            Instant::now().checked_sub(age).map(|started| self.started.set(started));
        }
        if let Some(process) = field(info, "run_id") {
            let _ = self.process.set(process.to_owned());
        }
        Ok(())
    }

    /// The identity, if the server process is known.
    pub(super) fn identity(&self) -> Option<Identity> {
        let process = self.process.get()?.clone();
        Some(Identity { process, number: self.number.get().copied() })
    }

    /// Whether the server process has certainly started after this moment.
    pub(super) fn is_of_a_process_started_after(&self, moment: Instant) -> bool {
        self.started.get().is_some_and(|started| *started >= moment)
    }

    /// Sends the command and waits for its answer, up to the connection's timeout.
    pub(super) async fn ask<T: redis::FromRedisValue>(&self, command: &Command) -> RedisResult<T> {
        let answer = command.query(&mut self.connection.clone()).await;
        if answer.as_ref().err().is_none_or(is_reply) {
            self.answers.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }

    /// Turns notifications on by `CLIENT TRACKING`. Returns whether the server allows it.
    pub(super) async fn track(&self, prefix: &[u8]) -> RedisResult<bool> {
        self.allows(self.ask::<Value>(&Command::track(prefix)).await)
    }

    /// Subscribes to the channels, and executes the command. Returns whether the server allows
    /// both.
    pub(super) async fn subscribe(&self, channels: &[Vec<u8>], then: &Command) -> RedisResult<bool> {
        let subscribed = self.connection.clone().subscribe(channels).await;
        if subscribed.is_ok() {
            return self.allows(self.ask::<Value>(then).await);
        }
        self.allows(subscribed)
    }

    /// Records whether the server has allowed the commands that turn notifications on.
    fn allows<T>(&self, answer: RedisResult<T>) -> RedisResult<bool> {
        let allowed = match answer {
            Ok(_) => true,
            Err(error) if is_reply(&error) => false,
            Err(error) => return Err(error),
        };
        self.notifies.store(allowed, Ordering::SeqCst);
        Ok(allowed)
    }

    /// Whether the server notifies the node over it.
    pub(super) fn notifies(&self) -> bool {
        self.notifies.load(Ordering::SeqCst)
    }

    /// Whether it is known to have broken. Only with a feed.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::SeqCst)
    }

    /// The number of answers so far: a connection that gives no more is considered dead.
    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Ensures that no command of an earlier connection is executed from now on. Returns whether
    /// that is certain.
    pub(super) async fn outlive(&self, earlier: &Identity) -> RedisResult<bool> {
        match (self.process.get(), earlier.number) {
            (None, _) => Ok(false),
            // Its connections ended with it; in this process the id may belong to another client.
            (Some(own), _) if *own != earlier.process => Ok(true),
            (Some(_), None) => Ok(false),
            (Some(_), Some(number)) => {
                let killed: Option<u64> = permitted(self.ask(&Command::kill(number)).await)?;
                Ok(killed.is_some())
            }
        }
    }
}

/// `None` if the user lacks the permission, or the server lacks the command. Returns other errors.
fn permitted<T>(answer: Result<T, RedisError>) -> RedisResult<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if is_reply(&error) && matches!(error.code(), Some("NOPERM" | "ERR")) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A field of the answer to `INFO`.
fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
}

fn uptime(info: &str) -> Option<Duration> {
    field(info, "uptime_in_seconds")?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_id_and_the_uptime_are_in_the_info_of_the_server() {
        let info = "# Server\r\nredis_version:7.0.15\r\nrun_id:0a1b\r\ntcp_port:0\r\nuptime_in_seconds:7\r\n";
        assert_eq!(field(info, "run_id"), Some("0a1b"));
        assert_eq!(uptime(info), Some(Duration::from_secs(7)));
        assert_eq!(field("# Server\r\n", "run_id"), None);
    }
}
