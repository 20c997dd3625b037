//! The whole comparison, with a server of its own.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use redis::Client;
use selvedge_redis_server::RedisServer;

use super::contender::{Contender, RedisRs, remote, tiered};
use super::load;
use super::row::{self, Row};
use super::work::{ALL, VALUE, Work};
use crate::number::median;
use crate::say::say;

/// One at a time shows what a call takes; many share the connection.
const TASKS: [usize; 2] = [1, 32];

/// How the comparison is made and shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// How long each measurement lasts.
    pub(crate) time: Duration,
    /// How often each is made; the middle one counts.
    pub(crate) runs: usize,
    pub(crate) json: bool,
}

/// Prints the comparison.
///
/// # Errors
///
/// If there is no redis-server, or it does not start.
pub(crate) fn run(settings: Settings) -> io::Result<()> {
    let server = RedisServer::start(&[])?;
    let url = server.url();
    let keys: Arc<[Arc<str>]> = (0..ALL).map(|key| Arc::from(format!("user:{key}"))).collect();
    fill(&url, &keys).map_err(io::Error::other)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if !settings.json {
        say(row::head());
    }
    for work in Work::ALL {
        for tasks in TASKS {
            let times = times(settings, &url, &keys, work, tasks, &runtime);
            show(settings, work, tasks, times);
        }
    }
    if !settings.json {
        say(format_args!(
            "\nNanoseconds are of the clock on the wall, by the operations of all tasks; values have {VALUE} bytes. The \
             middle one of {} measurements.",
            settings.runs
        ));
    }
    Ok(())
}

/// How long an operation took with each contender. They take turns, so that a slow minute is not one's alone.
fn times(
    settings: Settings,
    url: &str,
    keys: &Arc<[Arc<str>]>,
    work: Work,
    tasks: usize,
    runtime: &tokio::runtime::Runtime,
) -> [Vec<f64>; Contender::ALL.len()] {
    let mut times = [const { Vec::new() }; Contender::ALL.len()];
    for _ in 0..settings.runs {
        for (contender, times) in Contender::ALL.into_iter().zip(&mut times) {
            let time = settings.time;
            times.push(runtime.block_on(async {
                // Each is new, and so is what it has in its cache.
                match contender {
                    Contender::RedisRs => {
                        load::nanoseconds(RedisRs::plain(url).await, keys, work, tasks, time).await
                    }
                    Contender::ClientSideCaching => {
                        load::nanoseconds(RedisRs::caching(url).await, keys, work, tasks, time).await
                    }
                    Contender::Remote => {
                        load::nanoseconds(Arc::new(remote(url)), keys, work, tasks, time).await
                    }
                    Contender::Tiered => {
                        load::nanoseconds(Arc::new(tiered(url)), keys, work, tasks, time).await
                    }
                }
            }));
        }
    }
    times
}

fn show(settings: Settings, work: Work, tasks: usize, times: [Vec<f64>; Contender::ALL.len()]) {
    let middle = |numbers| median(numbers).expect("one measurement at least");
    for (contender, own) in Contender::ALL.into_iter().zip(&times) {
        // Of those that were measured one after the other: what else the machine does changes more slowly.
        let ratios = times[0].iter().zip(own).map(|(redis_rs, own)| redis_rs / own);
        let ns_per_op = middle(own.clone());
        let row = Row {
            work: work.name(),
            cache: contender.name(),
            tasks,
            ns_per_op,
            ops_per_second: 1e9 / ns_per_op,
            times_redis_rs: middle(ratios.collect()),
        };
        say(if settings.json { row.json() } else { row.text() });
    }
}

/// Gives each key a value.
fn fill(url: &str, keys: &[Arc<str>]) -> redis::RedisResult<()> {
    let mut connection = Client::open(url)?.get_connection()?;
    for keys in keys.chunks(10_000) {
        let mut commands = redis::pipe();
        for key in keys {
            commands.cmd("SET").arg(&**key).arg(&[b'v'; VALUE][..]).ignore();
        }
        commands.exec(&mut connection)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contender_does_every_work() {
        let Some(server) = RedisServer::start_or_skip("the comparison over Redis") else { return };
        drop(server);
        let settings = Settings { time: Duration::from_millis(1), runs: 1, json: true };
        run(settings).expect("there is a redis-server");
    }
}
