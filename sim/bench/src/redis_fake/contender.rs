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
const BATCH: usize = 7 * PIPELINE;

/// Number of commands that are sent together.
const PIPELINE: usize = 16;

/// A workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Workload {
    Get,
    Set,
    /// `GET`s that are sent together, 16 at a time.
    Pipeline,
}

impl Workload {
    pub(super) const ALL: [Workload; 3] = [Workload::Get, Workload::Set, Workload::Pipeline];

    /// The name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Workload::Get => "get",
            Workload::Set => "set",
            Workload::Pipeline => "get16",
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

pub(super) fn connect(url: &str) -> redis::RedisResult<Connection> {
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
        let batch = keys.iter().cycle().take(BATCH);
        match work {
            Workload::Get => {
                for key in batch {
                    assert_eq!(client.get::<_, Vec<u8>>(key)?.len(), VALUE);
                }
            }
            Workload::Set => {
                for key in batch {
                    client.set::<_, _, ()>(key, &value[..])?;
                }
            }
            Workload::Pipeline => {
                for keys in batch.collect::<Vec<_>>().chunks_exact(PIPELINE) {
                    let mut pipeline = redis::pipe();
                    for key in keys {
                        pipeline.get(key);
                    }
                    let values: Vec<Vec<u8>> = pipeline.query(client)?;
                    assert!(values.iter().all(|value| value.len() == VALUE));
                }
            }
        }
        count += BATCH;
    }
    Ok(start.elapsed().as_nanos() as f64 / count as f64)
}

fn keys() -> Vec<String> {
    (0..KEYS).map(|key| format!("user:{key}")).collect()
}
