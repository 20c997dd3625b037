//! A Redis or Valkey over which processes share a search.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use redis::{Client, Connection, ErrorKind, Pipeline, RedisError, RedisResult, Value};
use selvedge_sim::explore::FleetServer;
use selvedge_sim::fleet::{Call, FleetError, Link, Reply};

/// The timeout of the connection and of each command.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long a member tries to connect again.
const PATIENCE: Duration = Duration::from_secs(10);

/// The interval between two checks of the server's memory settings.
const MEMORY_EVERY: Duration = Duration::from_secs(1);

/// The oldest supported version, whose scripts may read the time before they write.
const OLDEST: u32 = 5;

/// Why a server that evicts keys cannot be used.
const EVICTS: &str = "it evicts keys when its memory is full, and an evicted state would be lost";

/// The remedy.
const NO_EVICTION: &str = "set `maxmemory-policy noeviction` or `maxmemory 0`, or use another server";

/// A server.
#[derive(Clone)]
pub(super) struct RedisServer {
    client: Client,
    place: String,
    identity: String,
}

impl RedisServer {
    /// Connects to the server at this URL, and checks its settings.
    pub(super) fn connect(url: &str) -> Result<Self, FleetError> {
        let hidden = match (url.split_once("://"), url.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, place))) => format!("{scheme}://…@{place}"),
            _ => url.to_owned(),
        };
        let unusable =
            |place: &str, why: String, help| FleetError::Server { place: place.to_owned(), why, help };
        let form = "give a URL such as redis://127.0.0.1:6379 or unix:///run/redis.sock";
        let client = Client::open(url).map_err(|error| unusable(&hidden, error.to_string(), form))?;
        let place = client.get_connection_info().addr().to_string();
        let reach =
            "start a server there, or give another URL, with the password: redis://:PASSWORD@HOST:PORT";
        let mut connection = open(&client).map_err(|error| unusable(&place, error.to_string(), reach))?;
        let info: String = redis::cmd("INFO")
            .query(&mut connection)
            .map_err(|error| unusable(&place, error.to_string(), "allow the command INFO for this user"))?;
        let version = field(&info, "redis_version");
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        let refusal = if major.is_none_or(|major| major < OLDEST) {
            Some((format!("its version is `{version}`"), "use Redis 5 or later, or Valkey"))
        } else if field(&info, "role") != "master" {
            Some(("it is a replica".to_owned(), "give the URL of its primary"))
        } else if [field(&info, "run_id"), field(&info, "master_replid")].contains(&"") {
            let why = "its INFO has no run_id or no master_replid, so that a restart cannot be noticed";
            Some((why.to_owned(), "connect to the server itself, not to a proxy"))
        } else if field(&info, "cluster_enabled") == "1" {
            Some(("it is a node of a cluster".to_owned(), "use a server outside of a cluster"))
        } else if evicts(&info) {
            Some((EVICTS.to_owned(), NO_EVICTION))
        } else {
            None
        };
        match refusal {
            Some((why, help)) => Err(unusable(&place, why, help)),
            None => Ok(RedisServer { client, place, identity: identity(&info, &info) }),
        }
    }

    /// The error that the server cannot be used.
    pub(super) fn unusable(&self, why: String, help: &'static str) -> FleetError {
        FleetError::Server { place: self.place.clone(), why, help }
    }
}

impl FleetServer for RedisServer {
    fn connect(&self) -> Result<Box<dyn Link + Send>, FleetError> {
        let connection =
            open(&self.client).map_err(|error| self.unusable(error.to_string(), "check the server"))?;
        Ok(Box::new(RedisLink {
            server: self.clone(),
            connection,
            loaded: BTreeSet::new(),
            memory_seen: None,
        }))
    }

    fn identity(&self) -> String {
        self.identity.clone()
    }

    fn place(&self) -> String {
        self.place.clone()
    }
}

fn open(client: &Client) -> RedisResult<Connection> {
    let connection = client.get_connection_with_timeout(TIMEOUT)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    connection.set_write_timeout(Some(TIMEOUT))?;
    Ok(connection)
}

/// A field of `INFO`, or nothing.
fn field<'i>(info: &'i str, name: &str) -> &'i str {
    let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.unwrap_or_default().trim()
}

/// A restart changes the first part, and a failover the second.
fn identity(server: &str, replication: &str) -> String {
    format!("{} {}", field(server, "run_id"), field(replication, "master_replid"))
}

fn evicts(memory: &str) -> bool {
    let policy = field(memory, "maxmemory_policy");
    !matches!(field(memory, "maxmemory"), "" | "0") && policy != "noeviction"
}

/// A member's connection.
struct RedisLink {
    server: RedisServer,
    connection: Connection,
    /// The hashes of the scripts that the server has.
    loaded: BTreeSet<String>,
    /// When the memory settings were last read.
    memory_seen: Option<Instant>,
}

impl RedisLink {
    /// Sends the scripts with the checks of the server, in one pipeline. The checks are last: a
    /// reply counts only if the server is the same after the script.
    fn send(&mut self, calls: &[Call]) -> RedisResult<Vec<Value>> {
        let mut pipeline = Pipeline::new();
        let mut added = Vec::new();
        for call in calls {
            let script = redis::Script::new(call.script);
            let hash = script.get_hash().to_owned();
            if !self.loaded.contains(&hash) && !added.contains(&hash) {
                pipeline.cmd("SCRIPT").arg("LOAD").arg(call.script).ignore();
                added.push(hash.clone());
            }
            pipeline.cmd("EVALSHA").arg(hash).arg(call.keys.len()).arg(&call.keys).arg(&call.arguments);
        }
        pipeline.cmd("INFO").arg("server").cmd("INFO").arg("replication");
        if self.memory_seen.is_none_or(|seen| seen.elapsed() >= MEMORY_EVERY) {
            pipeline.cmd("INFO").arg("memory");
            self.memory_seen = Some(Instant::now());
        }
        let values = pipeline.query(&mut self.connection)?;
        self.loaded.extend(added);
        Ok(values)
    }

    /// Sends the scripts until the server replies. All scripts may be repeated.
    fn send_again(&mut self, calls: &[Call]) -> Result<Vec<Value>, String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let error = match self.send(calls) {
                Ok(values) => return Ok(values),
                Err(error) => error,
            };
            let is_lost = error.is_io_error() || error.is_connection_dropped() || error.is_timeout();
            let has_no_script = error.kind() == ErrorKind::Server(redis::ServerErrorKind::NoScript);
            if !(is_lost || has_no_script) || Instant::now() >= until {
                return Err(self.explained(&error));
            }
            self.loaded.clear();
            self.memory_seen = None;
            if is_lost {
                thread::sleep(Duration::from_millis(100));
                if let Ok(connection) = open(&self.server.client) {
                    self.connection = connection;
                }
            }
        }
    }

    fn explained(&self, error: &RedisError) -> String {
        let place = &self.server.place;
        match error.code() {
            Some("OOM") => format!("the memory of the Redis at {place} is full"),
            _ => format!("the Redis at {place} failed: {error}"),
        }
    }
}

impl Link for RedisLink {
    fn call(&mut self, calls: &[Call]) -> Result<Vec<Reply>, String> {
        let mut values = self.send_again(calls)?;
        let infos = values.split_off(calls.len().min(values.len()));
        let infos: Vec<String> =
            infos.iter().filter_map(|info| redis::from_redis_value_ref(info).ok()).collect();
        let [server, replication, memory @ ..] = infos.as_slice() else {
            return Err(format!("the Redis at {} does not reply to INFO", self.server.place));
        };
        if identity(server, replication) != self.server.identity {
            return Err(format!(
                "the Redis at {} was restarted or replaced during the search",
                self.server.place
            ));
        }
        if memory.iter().any(|memory| evicts(memory)) {
            return Err(format!("the Redis at {} cannot be used: {EVICTS}", self.server.place));
        }
        let reply = |value: &Value| redis::from_redis_value_ref::<Reply>(value);
        let replies: Result<Vec<_>, _> = values.iter().map(reply).collect();
        replies.map_err(|error| format!("the Redis at {} replied otherwise: {error}", self.server.place))
    }
}
