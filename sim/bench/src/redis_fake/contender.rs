//! The compared servers, and the time of a command.

use std::time::{Duration, Instant};

use redis::{Client, Commands, Connection, ConnectionLike};
use selvedge_redis::Redis;
use selvedge_redis_server::RedisServer;

use super::python::Python;

/// Length of each value, in bytes.
pub(super) const VALUE: usize = 100;
/// Number of keys, which are accessed in turn.
pub(super) const KEYS: usize = 100;
/// Number of commands between two reads of the clock.
const BATCH: usize = 100;

/// A workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Workload {
    Get,
    Set,
}

impl Workload {
    pub(super) const ALL: [Workload; 2] = [Workload::Get, Workload::Set];

    /// The name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Workload::Get => "get",
            Workload::Set => "set",
        }
    }
}

/// A server with one client that waits for each reply.
pub(super) enum Contender {
    /// A real server over a Unix socket, the baseline.
    RedisServer { client: Connection, _server: RedisServer },
    /// Our server in this process: redis-rs' traits without a socket.
    InProcess(selvedge_redis::Connection),
    /// Our server over a Unix socket, as seen from another process.
    OverSocket { client: Connection, _listener: selvedge_redis::Listener, _folder: tempfile::TempDir },
    /// Python's fakeredis, called from Python.
    FakeRedis(Python),
}

impl Contender {
    /// The name in reports.
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
        redis.retain_commands(0);
        Contender::InProcess(redis.connection())
    }

    pub(super) fn over_socket() -> std::io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("redis.sock");
        let redis = Redis::new();
        redis.retain_commands(0);
        let listener = redis.listen_on_socket(&path)?;
        let client = connect(&format!("unix://{}", path.display())).map_err(std::io::Error::other)?;
        Ok(Contender::OverSocket { client, _listener: listener, _folder: folder })
    }

    /// Sends commands during `time`, and returns the time per command in nanoseconds.
    pub(super) fn nanoseconds(&mut self, work: Workload, time: Duration) -> Result<f64, String> {
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

fn measure(client: &mut impl ConnectionLike, work: Workload, time: Duration) -> redis::RedisResult<f64> {
    let (keys, value) = (keys(), [b'v'; VALUE]);
    for key in &keys {
        client.set::<_, _, ()>(key, &value[..])?;
    }
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < time {
        for key in keys.iter().cycle().take(BATCH) {
            match work {
                Workload::Get => assert_eq!(client.get::<_, Vec<u8>>(key)?.len(), VALUE),
                Workload::Set => client.set(key, &value[..])?,
            }
        }
        count += BATCH;
    }
    Ok(start.elapsed().as_nanos() as f64 / count as f64)
}

fn keys() -> Vec<String> {
    (0..KEYS).map(|key| format!("user:{key}")).collect()
}
