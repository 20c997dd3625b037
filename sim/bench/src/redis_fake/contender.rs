//! Those that are compared, and how long a command takes with each.

use std::time::{Duration, Instant};

use redis::{Client, Commands, Connection, ConnectionLike};
use selvedge_redis::Redis;
use selvedge_redis_server::RedisServer;

use super::python::Python;

/// Bytes of each value.
pub(super) const VALUE: usize = 100;
/// How many keys are asked for, one after the other.
pub(super) const KEYS: usize = 100;
/// The clock is looked at after so many commands.
const BATCH: usize = 100;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    Get,
    Set,
}

impl Work {
    pub(super) const ALL: [Work; 2] = [Work::Get, Work::Set];

    /// Its name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Work::Get => "get",
            Work::Set => "set",
        }
    }
}

/// A server, and one client that waits for each reply before it asks again.
pub(super) enum Contender {
    /// A real server over a Unix socket. The others are compared with it.
    RedisServer { client: Connection, _server: RedisServer },
    /// Ours, in the process: redis-rs' traits and no socket.
    InProcess(selvedge_redis::Connection),
    /// Ours over a Unix socket, as another process would see it.
    OverSocket { client: Connection, _listener: selvedge_redis::Listener, _folder: tempfile::TempDir },
    /// Python's fake, in Python.
    FakeRedis(Python),
}

impl Contender {
    /// Its name in reports.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Contender::RedisServer { .. } => "redis-server, Unix socket",
            Contender::InProcess(_) => "selvedge-redis, in process",
            Contender::OverSocket { .. } => "selvedge-redis, Unix socket",
            Contender::FakeRedis(_) => "fakeredis (Python)",
        }
    }

    pub(super) fn redis_server() -> std::io::Result<Self> {
        let server = RedisServer::start(&[])?;
        let client = connect(&server.url()).map_err(std::io::Error::other)?;
        Ok(Contender::RedisServer { client, _server: server })
    }

    pub(super) fn in_process() -> Self {
        let redis = Redis::new();
        redis.keep_commands(0);
        Contender::InProcess(redis.connection())
    }

    pub(super) fn over_socket() -> std::io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("redis.sock");
        let redis = Redis::new();
        redis.keep_commands(0);
        let listener = redis.listen_on_socket(&path)?;
        let client = connect(&format!("unix://{}", path.display())).map_err(std::io::Error::other)?;
        Ok(Contender::OverSocket { client, _listener: listener, _folder: folder })
    }

    /// How many nanoseconds a command took, of as many as there was time for.
    pub(super) fn nanoseconds(&mut self, work: Work, time: Duration) -> Result<f64, String> {
        match self {
            Contender::RedisServer { client, .. } | Contender::OverSocket { client, .. } => {
                measure(client, work, time)
            }
            Contender::InProcess(client) => measure(client, work, time),
            Contender::FakeRedis(python) => return python.nanoseconds(work, time),
        }
        .map_err(|error| error.to_string())
    }
}

fn connect(url: &str) -> redis::RedisResult<Connection> {
    Client::open(url)?.get_connection()
}

fn measure(client: &mut impl ConnectionLike, work: Work, time: Duration) -> redis::RedisResult<f64> {
    let (keys, value) = (keys(), [b'v'; VALUE]);
    for key in &keys {
        client.set::<_, _, ()>(key, &value[..])?;
    }
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < time {
        for key in keys.iter().cycle().take(BATCH) {
            match work {
                Work::Get => assert_eq!(client.get::<_, Vec<u8>>(key)?.len(), VALUE),
                Work::Set => client.set(key, &value[..])?,
            }
        }
        count += BATCH;
    }
    Ok(start.elapsed().as_nanos() as f64 / count as f64)
}

fn keys() -> Vec<String> {
    (0..KEYS).map(|key| format!("user:{key}")).collect()
}
