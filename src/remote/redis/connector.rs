//! The connection that is in use, the next one when it breaks, and the certainty that nothing comes of the earlier ones.
//!
//! redis-rs has a connection manager of its own. It hides which connection a command was sent over, and that is what
//! must be known to settle what became of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::{AsyncConnectionConfig, Client, FromRedisValue, RedisError};

use super::command::{Command, is_reply};
use super::link::{Identity, Link};

/// After a failed attempt to connect, calls fail at once for so long.
const PAUSE: Duration = Duration::from_millis(100);

/// Makes connections, one at a time.
pub(super) struct Connector {
    client: Client,
    config: AsyncConnectionConfig,
    connect_timeout: Duration,
    state: Mutex<State>,
    /// Held by who connects; the last failure is in it.
    attempt: tokio::sync::Mutex<Option<Failure>>,
    /// How many attempts have failed.
    failures: AtomicU64,
    /// How many writes were lost, and how many of these nothing can come of any more.
    lost: AtomicU64,
    settled: AtomicU64,
}

#[derive(Default)]
struct State {
    current: Option<Arc<Link>>,
    /// Connections that are no longer used, which no later one has outlived yet.
    earlier: Vec<Identity>,
    /// There was one of which nothing can be known.
    uncertain: bool,
}

struct Failure {
    at: Instant,
    error: RedisError,
}

/// Why there is no answer.
pub(super) enum Unanswered {
    /// There was no connection, so that nothing was sent.
    NotConnected(RedisError),
    /// It was sent, or may have been.
    Failed(RedisError),
}

impl Connector {
    pub(super) fn new(client: Client, connect_timeout: Duration, command_timeout: Duration) -> Self {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(connect_timeout))
            .set_response_timeout(Some(command_timeout));
        Connector {
            client,
            config,
            connect_timeout,
            state: Mutex::default(),
            attempt: tokio::sync::Mutex::default(),
            failures: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            settled: AtomicU64::new(0),
        }
    }

    /// Where the server is. Without the password.
    pub(super) fn address(&self) -> String {
        self.client.get_connection_info().addr().to_string()
    }

    /// Sends a command that nobody needs to settle: a read.
    pub(super) async fn read<T: FromRedisValue>(&self, command: &Command) -> Result<T, Unanswered> {
        let link = self.link().await.map_err(Unanswered::NotConnected)?;
        self.ask(&link, command).await.map_err(Unanswered::Failed)
    }

    /// Sends a write. If its future is dropped on the way, or its outcome is unknown, it is lost.
    pub(super) async fn write<T: FromRedisValue>(&self, command: &Command) -> Result<T, Unanswered> {
        let link = self.link().await.map_err(Unanswered::NotConnected)?;
        // From here on it may have been sent.
        let under_way = UnderWay { lost: &self.lost };
        let answer = self.ask(&link, command).await;
        if answer.as_ref().err().is_none_or(is_reply) {
            under_way.answered();
        }
        answer.map_err(Unanswered::Failed)
    }

    /// Waits until no write that was lost before this call can be carried out any more. Whether that is certain.
    pub(super) async fn settle(&self) -> bool {
        let lost = self.lost.load(Ordering::SeqCst);
        if self.settled.load(Ordering::SeqCst) >= lost {
            return true;
        }
        if self.state().uncertain {
            return false;
        }
        // A connection that is there has outlived all before it.
        let Ok(link) = self.link().await else { return false };
        // What was lost on this one was sent before the `PING`, or never will be.
        let answer = self.ask::<()>(&link, &Command::ping()).await;
        if answer.is_err_and(|error| !is_reply(&error)) {
            self.retire(&link);
            if self.link().await.is_err() {
                return false;
            }
        }
        // The connection that was made just now may not have outlived the one before it.
        let certain = !self.state().uncertain;
        if certain {
            self.settled.fetch_max(lost, Ordering::SeqCst);
        }
        certain
    }

    async fn ask<T: FromRedisValue>(&self, link: &Arc<Link>, command: &Command) -> Result<T, RedisError> {
        let answers = link.answers();
        let answer = link.ask(command).await;
        if let Err(error) = &answer {
            let silent = error.is_timeout() && link.answers() == answers;
            if error.is_unrecoverable_error() || silent {
                self.retire(link);
            }
        }
        answer
    }

    /// The connection. Made, if there is none.
    async fn link(&self) -> Result<Arc<Link>, RedisError> {
        if let Some(link) = self.current() {
            return Ok(link);
        }
        let failures = self.failures.load(Ordering::SeqCst);
        let mut failure = self.attempt.lock().await;
        if let Some(link) = self.current() {
            return Ok(link);
        }
        // Who has waited for an attempt that failed does not make the next one: they would wait one after the other.
        let has_waited = self.failures.load(Ordering::SeqCst) != failures;
        if let Some(Failure { error, at }) = &*failure
            && (has_waited || at.elapsed() < PAUSE)
        {
            return Err(error.clone());
        }
        let connected = tokio::time::timeout(self.connect_timeout, self.connect()).await;
        match connected.unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into())) {
            Ok(link) => {
                *failure = None;
                Ok(link)
            }
            Err(error) => {
                self.failures.fetch_add(1, Ordering::SeqCst);
                *failure = Some(Failure { error: error.clone(), at: Instant::now() });
                Err(error)
            }
        }
    }

    /// Makes a connection, and sees to it that it outlives those before it.
    async fn connect(&self) -> Result<Arc<Link>, RedisError> {
        let link = Arc::new(Link::connect(&self.client, &self.config).await?);
        // None is added meanwhile: only a current connection is retired.
        let earlier = self.state().earlier.clone();
        let mut certain = true;
        for identity in &earlier {
            certain &= link.outlive(identity).await?;
        }
        let mut state = self.state();
        state.earlier.clear();
        state.uncertain |= !certain;
        state.current = Some(Arc::clone(&link));
        Ok(link)
    }

    fn current(&self) -> Option<Arc<Link>> {
        self.state().current.clone()
    }

    /// No longer uses this connection.
    fn retire(&self, link: &Arc<Link>) {
        let mut state = self.state();
        if state.current.as_ref().is_some_and(|current| Arc::ptr_eq(current, link)) {
            state.current = None;
            match link.identity() {
                Some(identity) => state.earlier.push(identity.clone()),
                None => state.uncertain = true,
            }
        }
    }

    /// Each change is one assignment after the other that none can come between: what a panic leaves is sound.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A write that has no answer yet. Dropped, it is lost.
struct UnderWay<'a> {
    lost: &'a AtomicU64,
}

impl UnderWay<'_> {
    fn answered(self) {
        std::mem::forget(self);
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.lost.fetch_add(1, Ordering::SeqCst);
    }
}
