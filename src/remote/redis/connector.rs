//! The current connection, its replacement when it breaks, and the certainty that no earlier
//! connection executes anything.
//!
//! redis-rs has a connection manager. It hides the connection that a command was sent over, which
//! must be known to settle the command.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use redis::{AsyncConnectionConfig, Client, FromRedisValue, ProtocolVersion, RedisError, Value};

use super::command::{Command, is_reply};
use super::feed::Feed;
use super::link::{Identity, Link};

/// Calls fail at once for this long after a failed attempt to connect.
const PAUSE: Duration = Duration::from_millis(100);

/// Makes connections, one at a time.
pub(super) struct Connector {
    client: Client,
    config: AsyncConnectionConfig,
    connect_timeout: Duration,
    /// The notifications of a node, with a client for RESP3.
    feed: OnceLock<(Feed, Client)>,
    state: Mutex<State>,
    /// Held while connecting; contains the last failure.
    attempt: tokio::sync::Mutex<Option<Failure>>,
    /// The number of failed attempts.
    failures: AtomicU64,
    /// The number of lost writes, and the number of those that are settled.
    lost: AtomicU64,
    settled: AtomicU64,
}

#[derive(Default)]
struct State {
    current: Option<Arc<Link>>,
    /// Connections that are no longer used, but may still execute commands.
    earlier: Vec<Identity>,
    /// When the last connection to an unknown server process was retired. It is not in `earlier`,
    /// and cannot be closed: only a server process that started later is certain not to have it.
    unknown: Option<Instant>,
    /// When closing those was last tried, without success.
    tried: Option<Instant>,
}

impl State {
    /// Whether no connection but the current one can execute commands.
    fn is_certain(&self) -> bool {
        self.earlier.is_empty() && self.unknown.is_none()
    }
}

struct Failure {
    at: Instant,
    error: RedisError,
}

/// The reason why there is no reply.
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
            feed: OnceLock::new(),
            state: Mutex::default(),
            attempt: tokio::sync::Mutex::default(),
            failures: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            settled: AtomicU64::new(0),
        }
    }

    /// Notifies a node over each connection from now on. Call it before the first command, and
    /// once.
    pub(super) fn feed(self: &Arc<Self>, feed: Feed) -> impl Future<Output = ()> + use<> {
        let info = self.client.get_connection_info().clone();
        let resp3 = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(info.set_redis_settings(resp3)).expect("a client has these settings");
        let is_first = self.feed.set((feed.clone(), client)).is_ok();
        assert!(is_first, "a connection notifies one node");
        // A connection from before does not notify it.
        if let Some(link) = self.current() {
            self.retire(&link);
        }
        feed.run(Arc::downgrade(self))
    }

    /// Queries the current connection for the node. Makes one if there is none.
    pub(super) async fn heartbeat(self: &Arc<Self>, feed: &Feed) {
        let Ok(mut link) = self.link().await else { return };
        if link.is_broken() {
            self.retire(&link);
            let Ok(newer) = self.link().await else { return };
            link = newer;
        }
        if feed.is_member() && !link.notifies() {
            // A registered node that is not notified would delay each write.
            return;
        }
        let Some(asked) = feed.listener().now() else { return };
        let Ok(answer) = self.ask::<Value>(&link, &feed.heartbeat()).await else { return };
        if !link.notifies() {
            return;
        }
        // Under the lock under which a connection is retired: that is the last word.
        let state = self.state();
        if !link.is_broken() && state.current.as_ref().is_some_and(|current| Arc::ptr_eq(current, &link)) {
            if feed.is_new(&answer) {
                // The server has lost the registry, and perhaps values.
                feed.listener().connected(asked);
            } else {
                feed.listener().heard(asked);
            }
        }
    }

    /// The server's address, without the password.
    pub(super) fn address(&self) -> String {
        self.client.get_connection_info().addr().to_string()
    }

    /// Sends a command that need not be settled: a read.
    pub(super) async fn read<T: FromRedisValue>(
        self: &Arc<Self>,
        command: &Command,
    ) -> Result<T, Unanswered> {
        let link = self.link().await.map_err(Unanswered::NotConnected)?;
        self.ask(&link, command).await.map_err(Unanswered::Failed)
    }

    /// Sends a write. If its future is dropped, or its outcome is unknown, the write is lost.
    pub(super) async fn write<T: FromRedisValue>(
        self: &Arc<Self>,
        command: &Command,
    ) -> Result<T, Unanswered> {
        let link = self.link().await.map_err(Unanswered::NotConnected)?;
        // From here on it may have been sent.
        let unconfirmed = Unconfirmed { lost: &self.lost };
        let answer = self.ask(&link, command).await;
        if answer.as_ref().err().is_none_or(is_reply) {
            unconfirmed.confirm();
        }
        answer.map_err(Unanswered::Failed)
    }

    /// Waits until no write that was lost before this call can be executed any more. Returns
    /// whether that is certain.
    pub(super) async fn settle(self: &Arc<Self>) -> bool {
        let lost = self.lost.load(Ordering::SeqCst);
        if self.settled.load(Ordering::SeqCst) >= lost {
            return true;
        }
        if !self.may_become_certain() {
            return false;
        }
        // A new connection has closed the earlier ones, if it has the permission.
        let Ok(mut link) = self.link().await else { return false };
        // A write that was lost on this connection was sent before the `PING`, or never will be. An
        // answer also shows that the server process still exists.
        let answer = self.ask::<()>(&link, &Command::ping()).await;
        if answer.is_err_and(|error| !is_reply(&error)) {
            self.retire(&link);
            let Ok(newer) = self.link().await else { return false };
            link = newer;
        }
        // The new connection may not have closed the one before it.
        let certain = self.is_certain_again(&link).await;
        if certain {
            self.settled.fetch_max(lost, Ordering::SeqCst);
        }
        certain
    }

    /// Whether it is useful to try to close earlier connections. If that failed, it is retried from
    /// time to time, because permissions change and the server may restart.
    fn may_become_certain(&self) -> bool {
        let mut state = self.state();
        if state.is_certain() {
            return true;
        }
        if state.tried.is_some_and(|tried| tried.elapsed() < PAUSE) {
            return false;
        }
        state.tried = Some(Instant::now());
        true
    }

    /// Whether no connection but the current one can execute commands. Closes earlier ones over
    /// `link` if necessary.
    async fn is_certain_again(&self, link: &Link) -> bool {
        self.state().is_certain()
            || (link.identify().await.is_ok()
                && self.end_earlier(link).await.is_ok()
                && self.state().is_certain())
    }

    /// Closes all earlier connections that this one may close.
    async fn end_earlier(&self, link: &Link) -> Result<(), RedisError> {
        let earlier = self.state().earlier.clone();
        let mut ended = Vec::new();
        for identity in earlier {
            if link.outlive(&identity).await? {
                ended.push(identity);
            }
        }
        let mut state = self.state();
        state.earlier.retain(|identity| !ended.contains(identity));
        if state.unknown.is_some_and(|moment| link.is_of_a_process_started_after(moment)) {
            state.unknown = None;
        }
        if !state.is_certain() {
            state.tried = Some(Instant::now());
        }
        Ok(())
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

    /// The current connection. Makes one if there is none.
    ///
    /// The attempt is a separate task: the caller's future may be kept without being polled, and
    /// would block all others.
    async fn link(self: &Arc<Self>) -> Result<Arc<Link>, RedisError> {
        if let Some(link) = self.current() {
            return Ok(link);
        }
        let (connector, failures) = (Arc::clone(self), self.failures.load(Ordering::SeqCst));
        match tokio::spawn(async move { connector.attempt(failures).await }).await {
            Ok(link) => link,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => Err(std::io::Error::other(error).into()),
            },
        }
    }

    /// Connects, one caller at a time. `failures` is the number of failed attempts before the call.
    async fn attempt(&self, failures: u64) -> Result<Arc<Link>, RedisError> {
        let mut failure = self.attempt.lock().await;
        if let Some(link) = self.current() {
            return Ok(link);
        }
        // A caller that waited for a failed attempt does not make another: callers would wait one
        // after the other.
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

    /// Makes a connection, and closes the earlier ones.
    async fn connect(&self) -> Result<Arc<Link>, RedisError> {
        let (feed, client) = match self.feed.get() {
            Some((feed, client)) => (Some(feed), client),
            None => (None, &self.client),
        };
        let link = Arc::new(Link::connect(client, &self.config, feed).await?);
        // None is added meanwhile: only a current connection is retired.
        self.end_earlier(&link).await?;
        if let Some(feed) = feed {
            let asked = feed.listener().now();
            if let (true, Some(asked)) = (feed.begin(&link).await?, asked) {
                // No command of the node is sent over this connection before it is the current one.
                feed.listener().connected(asked);
            }
        }
        let mut state = self.state();
        if let Some(feed) = feed.filter(|_| link.is_broken()) {
            feed.listener().lost();
            return Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset).into());
        }
        state.current = Some(Arc::clone(&link));
        Ok(link)
    }

    fn current(&self) -> Option<Arc<Link>> {
        self.state().current.clone()
    }

    /// Stops using this connection.
    fn retire(&self, link: &Arc<Link>) {
        let mut state = self.state();
        if state.current.as_ref().is_some_and(|current| Arc::ptr_eq(current, link)) {
            state.current = None;
            if let Some((feed, _)) = self.feed.get() {
                feed.listener().lost();
            }
            match link.identity() {
                // Connections without an id are equal: all of them end with their process.
                Some(identity) if state.earlier.contains(&identity) => {}
                Some(identity) => state.earlier.push(identity),
                None => state.unknown = Some(Instant::now()),
            }
        }
    }

    /// The state is consistent after each assignment, also after a panic.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A write without a reply so far. If it is dropped, it is lost.
struct Unconfirmed<'a> {
    lost: &'a AtomicU64,
}

impl Unconfirmed<'_> {
    fn confirm(self) {
        std::mem::forget(self);
    }
}

impl Drop for Unconfirmed<'_> {
    fn drop(&mut self) {
        self.lost.fetch_add(1, Ordering::SeqCst);
    }
}
