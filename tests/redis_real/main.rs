//! `remote::Redis` against a real redis-server.

mod cache;
mod failures;
mod leases;
mod nodes;
mod proxy;
mod settled;
mod strict;
mod values;

use std::time::Duration;

use selvedge::remote::redis::{Builder, Error, Redis};
use selvedge::remote::{Found, Remote};
use selvedge_redis_server::RedisServer;
use tokio::time::sleep;

/// A server, with a connection of another client.
struct Real {
    server: RedisServer,
    other: redis::Connection,
}

impl Real {
    fn start(what: &str) -> Option<Self> {
        let server = RedisServer::start_or_skip(what)?;
        let other = Real::connect(&server);
        Some(Real { server, other })
    }

    fn connect(server: &RedisServer) -> redis::Connection {
        let client = redis::Client::open(server.url()).expect("the URL is valid");
        client.get_connection().expect("the server listens")
    }

    /// A builder with a prefix, and with timeouts for a machine under load.
    fn builder(&self) -> Builder {
        self.builder_at(&self.server.url())
    }

    /// Same as [`Real::builder`], through a proxy.
    fn builder_at(&self, url: &str) -> Builder {
        let patience = Duration::from_secs(20);
        Redis::builder(url).prefix("app:").command_timeout(patience).connect_timeout(patience)
    }

    fn redis(&self) -> Redis {
        self.builder().build().expect("the URL is valid")
    }

    /// Runs a command of the other client.
    #[track_caller]
    fn by_hand<T: redis::FromRedisValue>(&mut self, command: &str) -> T {
        let mut words = command.split(' ');
        let mut command = redis::cmd(words.next().expect("there is a word"));
        words.for_each(|word| {
            command.arg(word);
        });
        command.query(&mut self.other).expect("the server obeys")
    }

    /// The number of connections so far.
    fn connections(&mut self) -> u64 {
        let info: redis::InfoDict = self.by_hand("INFO stats");
        info.get("total_connections_received").expect("it is there")
    }
}

async fn settle(redis: &Redis) -> bool {
    Remote::<&str, String>::settle(redis).await
}

/// Settles, on a slow machine after several attempts.
async fn settle_at_last(redis: &Redis) {
    for _ in 0..100 {
        if settle(redis).await {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("the lost writes cannot be settled");
}

/// The key's value, a text.
async fn get(redis: &Redis, key: &str) -> Result<Option<Found<String>>, Error> {
    redis.get(&key).await
}

async fn set(redis: &Redis, key: &str, value: &str, ttl: Option<Duration>) -> Result<(), Error> {
    redis.set(&key, &value.to_owned(), ttl).await
}

fn lasting(value: &str) -> Option<Found<String>> {
    Some(Found::lasting(value.to_owned()))
}

/// A short text in postcard's format.
fn postcard(text: &str) -> String {
    let length = char::from(u8::try_from(text.len()).unwrap());
    format!("{length}{text}")
}
