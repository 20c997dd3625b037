//! The implementation of the level [`Strict`](crate::nodes::Strict) for Redis.

use std::sync::Arc;
use std::time::Duration;

use redis::Value;

use super::command::Command;
use super::error::Error;
use super::feed::Feed;
use super::membership::{Encoded, Membership, mark};
use super::store::{NamedCommand, Redis};
use crate::codec::Codec;
use crate::nodes::{Coordinates, Node};
use crate::remote::{Change, CommandFuture, Coordinator, KeyBytes, KeyFromBytes, Reading, Registry};

impl<K, C> Coordinates<K> for Redis<C>
where
    K: KeyFromBytes + 'static,
{
    fn coordinate(&self, node: &Arc<dyn Node<K>>) {
        let (membership, mut answers) = Membership::new(&self.prefix, node.bound());
        let membership = Arc::new(membership);
        let names = membership.names();
        let is_first = self.membership.set(Arc::clone(&membership)).is_ok();
        assert!(is_first, "a connection is that of one node");
        let feed = Feed::of_member(node, &self.prefix, membership);
        self.executor.spawn(self.connector.feed(feed));
        let connector = Arc::downgrade(&self.connector);
        self.executor.spawn(async move {
            while let Some(command) = Membership::next(&names, &mut answers).await {
                let Some(connector) = connector.upgrade() else { return };
                // Without an answer, the other node waits until the lease has ended.
                let _ = connector.read::<Value>(&command).await;
            }
        });
    }
}

impl<K, V, C> Coordinator<K, V> for Redis<C>
where
    K: KeyBytes + Sync,
    V: Send + Sync,
    C: Codec<V> + 'static,
{
    type Error = Error;

    fn read<'a>(&'a self, keys: &'a [K]) -> CommandFuture<'a, Result<Vec<Reading<V>>, Error>> {
        Box::pin(async move {
            let keys: Vec<_> = keys.iter().map(|key| self.key(key)).collect();
            let Some(first) = keys.first() else { return Ok(Vec::new()) };
            let name = NamedCommand::of_keys("MGET", first, &keys);
            let marks: Vec<_> = keys.iter().map(|key| mark(key)).collect();
            let mut answers: Vec<Value> = self.read(name, &Command::get_open(&keys, &marks)).await?;
            if answers.len() != 1 + 2 * keys.len() {
                return Err(self.unexpected(name, "there are not as many answers as commands"));
            }
            let are_open = answers.split_off(1 + keys.len());
            let found = self.found_many(name, &keys, answers)?;
            let readings = found.into_iter().zip(are_open).map(|(found, is_open)| match is_open {
                Value::Int(count) => Ok(Reading { found, is_open: count != 0 }),
                _ => Err(self.unexpected(name, "a count of keys is not a number")),
            });
            readings.collect()
        })
    }

    fn open<'a>(&'a self, write: u64, keys: &'a [K]) -> CommandFuture<'a, Result<Registry, Error>> {
        Box::pin(async move {
            let keys: Vec<_> = keys.iter().map(|key| self.key(key)).collect();
            let Some(first) = keys.first() else {
                return Ok(Registry { holders: Vec::new(), is_complete: true });
            };
            let name = NamedCommand::of_keys("OPEN", first, &keys);
            let member = self.membership();
            let fields: Vec<(String, String)> = self.read(name, &member.open(write, &keys)).await?;
            member.registry_of(&fields).ok_or_else(|| self.unexpected(name, "the registry has another form"))
        })
    }

    fn write<'a>(
        &'a self,
        write: u64,
        keys: &'a [K],
        change: Change<'a, V>,
        outlasted: &'a Registry,
    ) -> CommandFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            let keys: Vec<_> = keys.iter().map(|key| self.key(key)).collect();
            let Some(first) = keys.first() else { return Ok(true) };
            let command = if matches!(change, Change::Delete) { "DEL" } else { "SET" };
            let name = NamedCommand::of_keys(command, first, &keys);
            let change = match change {
                Change::Set(value, ttl) => Encoded::Set(self.encode(name, value)?, ttl),
                Change::Delete => Encoded::Delete,
            };
            let ends_leases = self.leases.is_some();
            let command = self.membership().write(write, &keys, &change, outlasted, ends_leases);
            self.write(name, &command).await
        })
    }

    fn sleep(&self, time: Duration) -> CommandFuture<'_, ()> {
        // The timer is created in the runtime.
        Box::pin(self.executor.run(async move { tokio::time::sleep(time).await }))
    }
}

impl<C> Redis<C> {
    fn membership(&self) -> &Membership {
        self.membership.get().expect("the cache is built, and so its node is registered")
    }
}
