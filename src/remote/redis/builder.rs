//! How [`Redis`] is set up.

use std::fmt;
use std::io;
use std::time::Duration;

use redis::{Client, IntoConnectionInfo};

use super::connector::Connector;
use super::executor::Executor;
use super::lease::Leases;
use super::store::Redis;
use crate::codec::Postcard;

/// How [`Redis`] is set up.
#[derive(Clone)]
pub struct Builder<C = Postcard> {
    url: String,
    prefix: Vec<u8>,
    codec: C,
    connect_timeout: Duration,
    command_timeout: Duration,
    leases: Option<Duration>,
}

/// Why there is no [`Redis`].
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The URL is not one of Redis. It is not shown, since there may be a password in it.
    #[error(
        "the URL of Redis is not valid: {0}. It has the form redis://user:password@host:port/database, or \
         unix:///path/of/the/socket"
    )]
    Url(String),
    /// With this prefix a key could be taken for a lease.
    #[error(
        "with leases the keys need a prefix of their own, and \"{0}\" could be taken for that of the leases, \
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
    /// What comes before each key in Redis; nothing by default.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<Vec<u8>>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How values are written; [`Postcard`] by default.
    #[must_use]
    pub fn codec<D>(self, codec: D) -> Builder<D> {
        let Builder { url, prefix, codec: _, connect_timeout, command_timeout, leases } = self;
        Builder { url, prefix, codec, connect_timeout, command_timeout, leases }
    }

    /// How long an attempt to connect may take; a second by default. A call that finds no connection waits for one
    /// attempt, and then fails.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long the answer to a command may take; half a second by default.
    #[must_use]
    pub fn command_timeout(mut self, timeout: Duration) -> Self {
        self.command_timeout = timeout;
        self
    }

    /// Fences fills of Redis from a source of truth, on all nodes that use the option: see [leases](super). A load may
    /// take as long as a lease lives; otherwise its value is not kept in Redis. Ten seconds are a good start. It needs a
    /// [`prefix`](Builder::prefix). Off by default.
    #[must_use]
    pub fn leases(mut self, life: Duration) -> Self {
        self.leases = Some(life);
        self
    }

    /// The remote tier. It connects when it is first asked for something, so that a Redis that is down does not keep a
    /// program from starting.
    ///
    /// Connections live in the tokio runtime from which this is called. If there is none, one is started, with one
    /// thread. The blocking face of a cache must not be used on the threads of a runtime.
    ///
    /// # Errors
    ///
    /// If the URL is not one of Redis, if the prefix does not go with leases, or if there is no runtime and none can be
    /// started. Whether there is a server at the URL is not looked at.
    pub fn build(self) -> Result<Redis<C>, BuildError> {
        let Builder { url, prefix, codec, connect_timeout, command_timeout, leases } = self;
        let invalid = |error: redis::RedisError| BuildError::Url(error.to_string());
        let info = url.into_connection_info().map_err(invalid)?;
        // Commands are sent when they are there: many share the connection, and would wait for one another.
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
        // Neither the URL, which may have a password in it, nor the codec.
        f.debug_struct("Builder")
            .field("prefix", &self.prefix.escape_ascii().to_string())
            .field("connect_timeout", &self.connect_timeout)
            .field("command_timeout", &self.command_timeout)
            .field("leases", &self.leases)
            .finish_non_exhaustive()
    }
}
