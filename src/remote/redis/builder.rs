//! Builder of [`Redis`].

use std::fmt;
use std::io;
use std::time::Duration;

use redis::{Client, IntoConnectionInfo};

use super::connector::Connector;
use super::executor::Executor;
use super::lease::Leases;
use super::store::Redis;
use crate::codec::Postcard;

/// Builder of [`Redis`].
#[derive(Clone)]
pub struct Builder<C = Postcard> {
    url: String,
    prefix: Vec<u8>,
    codec: C,
    connect_timeout: Duration,
    command_timeout: Duration,
    leases: Option<Duration>,
}

/// Error of [`Builder::build`].
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The URL is not valid for Redis. It is not shown, because it may contain a password.
    #[error(
        "the URL of Redis is invalid: {0}. Its form is redis://user:password@host:port/database or \
         unix:///path/of/the/socket"
    )]
    Url(String),
    /// With this prefix a key could equal that of a lease.
    #[error(
        "the prefix \"{0}\" is ambiguous: with it a key could equal that of a lease, which begins with \
         \"selvedge:lease:\". Call `prefix` with another one"
    )]
    Prefix(String),
    /// There was no runtime, and none could be started.
    #[error("a thread for Redis could not be started: {0}")]
    Runtime(#[from] io::Error),
}

impl Builder {
    pub(super) fn new(url: &str) -> Self {
        Builder {
            url: url.to_owned(),
            prefix: Vec::new(),
            codec: Postcard,
            connect_timeout: Duration::from_secs(1),
            command_timeout: Duration::from_millis(500),
            leases: None,
        }
    }
}

impl<C> Builder<C> {
    /// Prefix of each key in Redis; empty by default.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<Vec<u8>>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Codec of the values; [`Postcard`] by default.
    #[must_use]
    pub fn codec<D>(self, codec: D) -> Builder<D> {
        let Builder { url, prefix, codec: _, connect_timeout, command_timeout, leases } = self;
        Builder { url, prefix, codec, connect_timeout, command_timeout, leases }
    }

    /// Timeout of an attempt to connect; 1 s by default. A call without a connection waits for one
    /// attempt, and then fails.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Timeout of a command; 500 ms by default.
    #[must_use]
    pub fn command_timeout(mut self, timeout: Duration) -> Self {
        self.command_timeout = timeout;
        self
    }

    /// Fences fills of Redis from a source of truth, on all nodes that use this option: see
    /// [leases](super). A load that takes longer than `life` is not stored in Redis; 10 s is a good
    /// value to begin with. Requires a [`prefix`](Builder::prefix). Off by default.
    #[must_use]
    pub fn leases(mut self, life: Duration) -> Self {
        self.leases = Some(life);
        self
    }

    /// Builds the remote tier. It connects on the first call, so that a program can start while
    /// Redis is down.
    ///
    /// Connections live in the tokio runtime from which this is called. If there is none, one with
    /// one thread is started.
    ///
    /// # Errors
    ///
    /// If the URL is not valid for Redis, if the prefix could be that of leases, or if there is no
    /// runtime and none can be started. Does not check whether there is a server at the URL.
    pub fn build(self) -> Result<Redis<C>, BuildError> {
        let Builder { url, prefix, codec, connect_timeout, command_timeout, leases } = self;
        let invalid = |error: redis::RedisError| BuildError::Url(error.to_string());
        let info = url.into_connection_info().map_err(invalid)?;
        // Commands are sent without delay: many share the connection, and would wait for each
        // other.
        let tcp = info.tcp_settings().clone().set_nodelay(true);
        let client = Client::open(info.set_tcp_settings(tcp)).map_err(invalid)?;
        if leases.is_some() && !Leases::allow(&prefix) {
            return Err(BuildError::Prefix(prefix.escape_ascii().to_string()));
        }
        let connector = Connector::new(client, connect_timeout, command_timeout);
        Ok(Redis::new(connector, Executor::new()?, prefix, codec, command_timeout, leases.map(Leases::new)))
    }
}

impl<C> fmt::Debug for Builder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the URL, which may contain a password, and without the codec.
        f.debug_struct("Builder")
            .field("prefix", &self.prefix.escape_ascii().to_string())
            .field("connect_timeout", &self.connect_timeout)
            .field("command_timeout", &self.command_timeout)
            .field("leases", &self.leases)
            .finish_non_exhaustive()
    }
}
