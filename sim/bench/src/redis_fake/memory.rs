//! The memory of a key, and what remains of it after `FLUSHALL`.

use redis::{Commands, Connection};
use selvedge_redis::Redis;
use selvedge_redis_server::RedisServer;

use super::contender::{VALUE, connect};
use super::row::MemoryRow;
use crate::memory::{rss_kib, rss_kib_of};

/// Number of keys.
const KEYS: usize = 200_000;
/// Number of keys that are set together.
const BATCH: usize = 500;

/// Measures a real server, if there is one, and ours in this process over a Unix socket.
///
/// # Errors
///
/// What could not be measured, and why.
pub(super) fn compare() -> Result<Vec<MemoryRow>, String> {
    let mut rows = Vec::new();
    let server = RedisServer::start(&[]).ok();
    let real = match &server {
        Some(server) => {
            let mut client = connect(&server.url()).map_err(text)?;
            let info: redis::InfoDict = redis::cmd("INFO").query(&mut client).map_err(text)?;
            let process = info.get("process_id").ok_or("INFO has no process_id")?;
            Some(fill(&mut client, || rss_kib_of(process))?)
        }
        None => None,
    };
    let folder = tempfile::tempdir().map_err(text)?;
    let path = folder.path().join("redis.sock");
    let redis = Redis::new();
    redis.retain_commands(0);
    let listener = redis.listen_on_socket(&path).map_err(text)?;
    let mut client = connect(&format!("unix://{}", path.display())).map_err(text)?;
    let own = fill(&mut client, rss_kib)?;
    drop((client, listener));
    for (server, filled) in [("redis-server", real.as_ref()), ("selvedge-redis", Some(&own))] {
        let Some(&Filled { per_key, retained }) = filled else { continue };
        let times_redis_server = real.as_ref().map(|real| per_key / real.per_key);
        rows.push(MemoryRow { server, bytes_per_key: per_key, times_redis_server, retained });
    }
    Ok(rows)
}

struct Filled {
    /// Bytes of resident memory per key.
    per_key: f64,
    /// The share of them that is still resident after `FLUSHALL`.
    retained: f64,
}

/// Sets all keys and removes them. `resident`: the memory of the server's process, in KiB.
fn fill(client: &mut Connection, resident: impl Fn() -> Option<u64>) -> Result<Filled, String> {
    let resident = || resident().map(|kib| kib as f64 * 1_024.0).ok_or("there is no /proc".to_owned());
    // Before it is measured, every buffer has its size.
    set(client, 0..BATCH)?;
    client.flushall::<()>().map_err(text)?;
    let empty = resident()?;
    for first in (0..KEYS).step_by(BATCH) {
        set(client, first..first + BATCH)?;
    }
    let full = resident()? - empty;
    client.flushall::<()>().map_err(text)?;
    Ok(Filled { per_key: full / KEYS as f64, retained: ((resident()? - empty) / full).max(0.0) })
}

fn set(client: &mut Connection, keys: std::ops::Range<usize>) -> Result<(), String> {
    let mut pipeline = redis::pipe();
    for key in keys {
        pipeline.set(format!("user:{key}"), &[b'v'; VALUE][..]).ignore();
    }
    pipeline.query(client).map_err(text)
}

fn text(error: impl Into<Box<dyn std::error::Error>>) -> String {
    error.into().to_string()
}
