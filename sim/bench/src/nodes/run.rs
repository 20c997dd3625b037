//! The measurements, over a server that it starts.

use std::io;
use std::time::{Duration, Instant};

use redis::{Client, Connection, InfoDict};
use selvedge_redis_server::RedisServer;

use super::level::{Cache, Level};
use super::row::{self, Row};
use crate::number::median;
use crate::output::print_line;

/// The numbers of nodes.
const NODES: [usize; 3] = [1, 2, 4];

/// The size of a value, in bytes.
const VALUE: usize = 100;

/// How to measure and to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// Duration of each measurement.
    pub(crate) time: Duration,
    pub(crate) json: bool,
}

/// Prints the comparison.
///
/// # Errors
///
/// If redis-server is not installed or does not start.
pub(crate) fn run(settings: Settings) -> io::Result<()> {
    let server = RedisServer::start(&[])?;
    let url = server.url();
    let mut info =
        Client::open(&*url).and_then(|client| client.get_connection()).map_err(io::Error::other)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let _inside = runtime.enter();
    if !settings.json {
        print_line(row::head());
    }
    let mut plain = None;
    for level in Level::ALL {
        for nodes in NODES {
            if level == Level::PlainSet && nodes > 1 {
                continue;
            }
            let measured = measure(settings, level, nodes, &url, &mut info)?;
            let plain = *plain.get_or_insert(measured.write_us);
            let row = Row { times_plain_set: measured.write_us / plain, ..measured };
            print_line(if settings.json { row.json() } else { row.text() });
        }
    }
    if !settings.json {
        print_line(format_args!(
            "\nOne node writes one key with {VALUE} bytes, one write after the other, and each of the others reads it \
             after each write. The times are of the writes; the commands and bytes are of the whole system, without \
             those reads."
        ));
    }
    Ok(())
}

fn measure(
    settings: Settings,
    level: Level,
    nodes: usize,
    url: &str,
    info: &mut Connection,
) -> io::Result<Row> {
    let caches: Vec<Cache> = (0..nodes).filter_map(|_| level.node(url)).collect();
    let mut connection = Client::open(url).and_then(|its| its.get_connection()).map_err(io::Error::other)?;
    let (key, value) = ("key".to_owned(), vec![b'v'; VALUE]);
    let mut write = || match caches.first() {
        Some(cache) => cache.blocking().set(&key, &value).map_err(io::Error::other),
        None => {
            redis::cmd("SET").arg("bench:key").arg(&value).exec(&mut connection).map_err(io::Error::other)
        }
    };
    // The first write of the level `Strict` waits for a lease. Afterwards each node has one.
    write()?;
    for cache in &caches {
        for _ in 0..1_000 {
            cache.blocking().get(&key).map_err(io::Error::other)?;
            if cache.contains_local(&key) {
                break;
            }
        }
    }
    let mut times = Vec::new();
    let start = Instant::now();
    let (mut commands, mut bytes) = (0, 0);
    while start.elapsed() < settings.time || times.is_empty() {
        let before = Counted::now(info)?;
        let begun = Instant::now();
        write()?;
        times.push(begun.elapsed().as_secs_f64() * 1e6);
        let after = Counted::now(info)?;
        commands += after.commands - before.commands;
        bytes += after.bytes - before.bytes;
        // The nodes have an entry again, which the next write must remove.
        for cache in caches.iter().skip(1) {
            cache.blocking().get(&key).map_err(io::Error::other)?;
        }
    }
    let own = Counted::of_itself(info)?;
    let writes = times.len() as f64;
    Ok(Row {
        level: level.name(),
        nodes,
        write_us: median(times).expect("at least one measurement"),
        times_plain_set: 1.0,
        commands: commands as f64 / writes - own.commands as f64,
        bytes: bytes as f64 / writes - own.bytes as f64,
    })
}

/// What the server has counted.
struct Counted {
    commands: u64,
    bytes: u64,
}

impl Counted {
    fn now(connection: &mut Connection) -> io::Result<Self> {
        let info: InfoDict = redis::cmd("INFO").arg("stats").query(connection).map_err(io::Error::other)?;
        let field =
            |name| info.get::<u64>(name).ok_or_else(|| io::Error::other(format!("INFO has no {name}")));
        Ok(Counted {
            commands: field("total_commands_processed")?,
            bytes: field("total_net_input_bytes")? + field("total_net_output_bytes")?,
        })
    }

    /// The difference that a query of the counts makes itself.
    fn of_itself(connection: &mut Connection) -> io::Result<Self> {
        let (before, after) = (Counted::now(connection)?, Counted::now(connection)?);
        Ok(Counted { commands: after.commands - before.commands, bytes: after.bytes - before.bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_is_measured() {
        let Some(server) = RedisServer::start_or_skip("the comparison of the levels") else { return };
        drop(server);
        run(Settings { time: Duration::from_millis(1), json: true }).expect("redis-server is installed");
    }
}
