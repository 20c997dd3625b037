//! A real Redis that receives the commands of a run. Its keys have a prefix and are deleted at the
//! end.

use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::error::Error;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use redis::{Client, Connection, RedisResult};
use selvedge_sim::explore::Server;
use selvedge_sim::history::{Key, Value};

use super::server::About;
use crate::error::ReplayError;

/// The timeout of the connection and of each command.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The TTL of each key in seconds, in case the process is killed before it deletes them.
const TTL: u64 = 600;

/// A connection to a real Redis. Dropping it deletes the written keys.
pub(super) struct RealRedis {
    connection: Connection,
    prefix: String,
    written: BTreeSet<Key>,
}

impl RealRedis {
    /// Connects to the server at this URL.
    pub(super) fn connect(url: &str) -> Result<(Self, About), ReplayError> {
        let client = Client::open(url).map_err(|error| no_server(&without_password(url), error))?;
        let place = client.get_connection_info().addr().to_string();
        let connected = client.get_connection_with_timeout(TIMEOUT).and_then(|mut connection| {
            connection.set_read_timeout(Some(TIMEOUT))?;
            connection.set_write_timeout(Some(TIMEOUT))?;
            redis::cmd("PING").exec(&mut connection)?;
            Ok(connection)
        });
        let mut connection = connected.map_err(|error| no_server(&place, error))?;
        // An ACL may forbid `INFO`.
        let info: RedisResult<String> = redis::cmd("INFO").arg("server").query(&mut connection);
        let info = info.unwrap_or_default();
        let version = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
        let name = version.map_or("redis".to_owned(), |version| format!("redis {}", version.trim()));
        let prefix = format!("selvedge-replay:{:016x}:", RandomState::new().build_hasher().finish());
        let about = About { place, name, prefix: prefix.clone() };
        Ok((RealRedis { connection, prefix, written: BTreeSet::new() }, about))
    }

    fn name(&self, key: Key) -> String {
        format!("{}{key}", self.prefix)
    }
}

fn no_server(place: &str, error: redis::RedisError) -> ReplayError {
    ReplayError::NoServer { place: place.to_owned(), error }
}

/// Removes the password from a URL that may be invalid.
fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://…@{place}"),
        _ => url.to_owned(),
    }
}

impl Server for RealRedis {
    fn get(&mut self, key: Key) -> Result<Option<Value>, Box<dyn Error + Send + Sync>> {
        let text: Option<String> = redis::cmd("GET").arg(self.name(key)).query(&mut self.connection)?;
        let Some(text) = text else { return Ok(None) };
        let value = text
            .rsplit_once(' ')
            .and_then(|(key, version)| Some(Value { key: Key::new(key), version: version.parse().ok()? }));
        value.map(Some).ok_or_else(|| format!("it returned {text:?}, which no step has written").into())
    }

    fn set(&mut self, key: Key, value: Value) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.written.insert(key);
        let text = format!("{} {}", value.key, value.version);
        let mut command = redis::cmd("SET");
        Ok(command.arg(self.name(key)).arg(text).arg("EX").arg(TTL).exec(&mut self.connection)?)
    }

    fn delete(&mut self, key: Key) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(redis::cmd("DEL").arg(self.name(key)).exec(&mut self.connection)?)
    }
}

impl Drop for RealRedis {
    fn drop(&mut self) {
        for key in std::mem::take(&mut self.written) {
            // A failed server has been reported, and its keys expire.
            _ = self.delete(key);
        }
    }
}
