//! The implementation of `Remote` for Redis.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use redis::{FromRedisValue, Value};

use super::builder::Builder;
use super::command::{Command, is_reply};
use super::connector::{Connector, Unanswered};
use super::error::{Error, Keys, Problem};
use super::executor::Executor;
use super::feed::Feed;
use super::lease::Leases;
use super::membership::Membership;
use crate::codec::{Codec, Postcard};
use crate::nodes::{Node, Notifies};
use crate::remote::{Fill, Found, KeyBytes, KeyFromBytes, Lease, Outcome, Remote};

/// Redis as the remote tier. All calls share one connection, which is replaced when it breaks. A
/// failed call is not retried.
///
/// The [module's docs](super) list the commands, and explain lost commands.
pub struct Redis<C = Postcard> {
    pub(super) connector: Arc<Connector>,
    pub(super) executor: Executor,
    pub(super) prefix: Vec<u8>,
    codec: C,
    command_timeout: Duration,
    pub(super) leases: Option<Leases>,
    /// The node, at the level `Strict`.
    pub(super) membership: OnceLock<Arc<Membership>>,
}

impl Redis {
    /// A builder for the Redis at this URL: `redis://user:password@host:port/database`, or
    /// `unix:///path/of/the/socket`. `rediss://` needs a TLS feature of the crate `redis`, which a
    /// program that also depends on it can enable.
    pub fn builder(url: &str) -> Builder {
        Builder::new(url)
    }
}

impl<C> Redis<C> {
    pub(super) fn new(
        connector: Connector,
        executor: Executor,
        prefix: Vec<u8>,
        codec: C,
        command_timeout: Duration,
        leases: Option<Leases>,
    ) -> Self {
        let connector = Arc::new(connector);
        Redis { connector, executor, prefix, codec, command_timeout, leases, membership: OnceLock::new() }
    }

    /// The key in Redis.
    pub(super) fn key<K: KeyBytes>(&self, key: &K) -> Vec<u8> {
        let mut bytes = self.prefix.clone();
        key.append_to(&mut bytes);
        bytes
    }

    pub(super) async fn read<T: FromRedisValue>(
        &self,
        name: NamedCommand<'_>,
        command: &Command,
    ) -> Result<T, Error> {
        let answer = self.executor.run(self.connector.read(command)).await;
        answer.map_err(|unanswered| self.error(name, command, unanswered))
    }

    pub(super) async fn write<T: FromRedisValue>(
        &self,
        name: NamedCommand<'_>,
        command: &Command,
    ) -> Result<T, Error> {
        let answer = self.executor.run(self.connector.write(command)).await;
        answer.map_err(|unanswered| self.error(name, command, unanswered))
    }

    fn error(&self, name: NamedCommand<'_>, command: &Command, unanswered: Unanswered) -> Error {
        let address = || self.connector.address();
        let problem = match unanswered {
            Unanswered::NotConnected(error) => {
                Problem::NotConnected { address: address(), reason: error.to_string() }
            }
            Unanswered::Failed(error) if is_reply(&error) => {
                Problem::Refused { in_part: command.in_part(&error), reason: error.to_string() }
            }
            Unanswered::Failed(error) if error.is_timeout() => {
                Problem::TimedOut { after: self.command_timeout }
            }
            Unanswered::Failed(error) if error.is_io_error() => {
                Problem::ConnectionLost { address: address(), reason: error.to_string() }
            }
            Unanswered::Failed(error) => {
                Problem::Unexpected { address: address(), reason: error.to_string() }
            }
        };
        name.failed(problem)
    }

    pub(super) fn unexpected(&self, name: NamedCommand<'_>, reason: &str) -> Error {
        name.failed(Problem::Unexpected { address: self.connector.address(), reason: reason.to_owned() })
    }

    pub(super) fn encode<V>(&self, name: NamedCommand<'_>, value: &V) -> Result<bytes::Bytes, Error>
    where
        C: Codec<V>,
    {
        self.codec.encode(value).map_err(|error| name.failed(Problem::Encode(Arc::new(error))))
    }

    /// Converts the answers of `GET` and `PTTL`.
    fn found<V>(&self, name: NamedCommand<'_>, value: Value, ttl: i64) -> Result<Option<Found<V>>, Error>
    where
        C: Codec<V>,
    {
        let bytes = match value {
            Value::Nil => return Ok(None),
            Value::BulkString(bytes) => bytes.into(),
            _ => return Err(self.unexpected(name, "a value is not a string")),
        };
        let value =
            self.codec.decode(bytes).map_err(|error| name.failed(Problem::Decode(Arc::new(error))))?;
        let ttl = match ttl {
            -1 => None,
            // It expired just after it was read.
            -2 => Some(Duration::ZERO),
            ttl => Some(Duration::from_millis(
                ttl.try_into().map_err(|_| self.unexpected(name, "a TTL is negative"))?,
            )),
        };
        Ok(Some(Found { value, ttl }))
    }

    /// Converts the answers of `MGET` and one `PTTL` for each key.
    pub(super) fn found_many<V>(
        &self,
        name: NamedCommand<'_>,
        keys: &[Vec<u8>],
        mut answers: Vec<Value>,
    ) -> Result<Vec<Option<Found<V>>>, Error>
    where
        C: Codec<V>,
    {
        if answers.len() != keys.len() + 1 {
            return Err(self.unexpected(name, "there are not as many values as keys"));
        }
        let ttls = answers.split_off(1);
        let Some(Value::Array(values)) = answers.pop() else {
            return Err(self.unexpected(name, "the values are not an array"));
        };
        if values.len() != keys.len() {
            return Err(self.unexpected(name, "there are not as many values as keys"));
        }
        let found = keys.iter().zip(values).zip(ttls).map(|((key, value), ttl)| {
            let name = NamedCommand::new("MGET", key);
            let Value::Int(ttl) = ttl else { return Err(self.unexpected(name, "a TTL is not a number")) };
            self.found(name, value, ttl)
        });
        found.collect()
    }
}

impl<K, V, C> Remote<K, V> for Redis<C>
where
    K: KeyBytes + Sync,
    V: Send + Sync,
    C: Codec<V> + 'static,
{
    type Error = Error;

    async fn get(&self, key: &K) -> Result<Option<Found<V>>, Error> {
        let key = self.key(key);
        let name = NamedCommand::new("GET", &key);
        let (value, ttl) = self.read(name, &Command::get(&key)).await?;
        self.found(name, value, ttl)
    }

    async fn set(&self, key: &K, value: &V, ttl: Option<Duration>) -> Result<(), Error> {
        let key = self.key(key);
        let name = NamedCommand::new("SET", &key);
        let value = self.encode(name, value)?;
        let lease = self.leases.as_ref().map(|_| Leases::key_of(&key));
        let command = Command::set(&key, &value, ttl, lease.as_deref());
        let _: Value = self.write(name, &command).await?;
        Ok(())
    }

    async fn delete(&self, key: &K) -> Result<(), Error> {
        self.delete_all(vec![self.key(key)]).await
    }

    async fn get_many(&self, keys: &[K]) -> Result<Vec<Option<Found<V>>>, Error> {
        let keys: Vec<_> = keys.iter().map(|key| self.key(key)).collect();
        let Some(first) = keys.first() else { return Ok(Vec::new()) };
        let name = NamedCommand::of_keys("MGET", first, &keys);
        let answers: Vec<Value> = self.read(name, &Command::get_many(&keys)).await?;
        self.found_many(name, &keys, answers)
    }

    async fn delete_many(&self, keys: &[K]) -> Result<(), Error> {
        self.delete_all(keys.iter().map(|key| self.key(key)).collect()).await
    }

    async fn get_for_fill(&self, key: &K) -> Result<(Option<Found<V>>, Lease), Error> {
        let Some(leases) = &self.leases else {
            return Ok((self.get(key).await?, Lease::none()));
        };
        let key = self.key(key);
        let name = NamedCommand::new("GET", &key);
        let mut answer: Vec<Value> = self.read(name, &leases.take(&key)).await?;
        match (answer.pop(), answer.pop()) {
            (Some(Value::BulkString(token)), None) => {
                let lease =
                    Leases::read(&token).ok_or_else(|| self.unexpected(name, "a lease is not a number"))?;
                Ok((None, lease))
            }
            (Some(Value::Int(ttl)), Some(value)) => Ok((self.found(name, value, ttl)?, Lease::none())),
            _ => Err(self.unexpected(name, "neither a value nor a lease")),
        }
    }

    async fn fill(&self, key: &K, value: &V, ttl: Option<Duration>, lease: Lease) -> Result<Fill, Error> {
        if self.leases.is_none() {
            return self.set(key, value, ttl).await.map(|()| Fill::Filled);
        }
        let Some(token) = lease.token() else { return Ok(Fill::Refused) };
        let key = self.key(key);
        let name = NamedCommand::new("FILL", &key);
        let value = self.encode(name, value)?;
        let filled: bool = self.write(name, &Leases::fill(&key, &value, ttl, token)).await?;
        Ok(if filled { Fill::Filled } else { Fill::Refused })
    }

    fn outcome(&self, error: &Error) -> Outcome {
        error.outcome()
    }

    async fn settle(&self) -> bool {
        self.executor.run(self.connector.settle()).await
    }

    fn park<T>(&self, wait: impl FnOnce() -> T) -> Result<T, &'static str> {
        Executor::park(wait)
    }
}

impl<K, C> Notifies<K> for Redis<C>
where
    K: KeyFromBytes + 'static,
{
    fn notify(&self, node: &Arc<dyn Node<K>>) {
        let feed = Feed::new(node, &self.prefix);
        self.executor.spawn(self.connector.feed(feed));
    }
}

impl<C> Redis<C> {
    async fn delete_all(&self, mut keys: Vec<Vec<u8>>) -> Result<(), Error> {
        let Some(first) = keys.first().cloned() else { return Ok(()) };
        let name = NamedCommand { command: "DEL", key: &first, others: keys.len() - 1 };
        if self.leases.is_some() {
            let leases: Vec<_> = keys.iter().map(|key| Leases::key_of(key)).collect();
            keys.extend(leases);
        }
        let _: Value = self.write(name, &Command::delete(&keys)).await?;
        Ok(())
    }
}

impl<C> fmt::Debug for Redis<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("address", &self.connector.address())
            .field("prefix", &self.prefix.escape_ascii().to_string())
            .finish_non_exhaustive()
    }
}

/// A command and its keys, for error messages.
#[derive(Clone, Copy)]
pub(super) struct NamedCommand<'a> {
    command: &'static str,
    key: &'a [u8],
    others: usize,
}

impl<'a> NamedCommand<'a> {
    fn new(command: &'static str, key: &'a [u8]) -> Self {
        NamedCommand { command, key, others: 0 }
    }

    /// A command of several keys.
    pub(super) fn of_keys(command: &'static str, first: &'a [u8], keys: &[Vec<u8>]) -> Self {
        NamedCommand { command, key: first, others: keys.len().saturating_sub(1) }
    }

    fn failed(self, problem: Problem) -> Error {
        Error::new(self.command, Keys::new(self.key, self.others), problem)
    }
}
