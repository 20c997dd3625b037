//! The whole comparison, over a server that it starts.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use redis::Client;
use selvedge_redis_server::RedisServer;

use super::contender::{Contender, RedisRs, remote, tiered};
use super::load;
use super::row::{self, Row};
use super::workload::{ALL, VALUE, Workload};
use crate::number::median;
use crate::output::print_line;

/// One task shows the latency; many tasks share the connection.
const TASKS: [usize; 2] = [1, 32];

/// How to measure and to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// Duration of each measurement.
    pub(crate) time: Duration,
    /// Number of measurements, of which the median counts.
    pub(crate) runs: usize,
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
    let keys: Arc<[Arc<str>]> = (0..ALL).map(|key| Arc::from(format!("user:{key}"))).collect();
    fill(&url, &keys).map_err(io::Error::other)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if !settings.json {
        print_line(row::head());
    }
    for work in Workload::ALL {
        for tasks in TASKS {
            let times = times(settings, &url, &keys, work, tasks, &runtime);
            show(settings, work, tasks, times);
        }
    }
    if !settings.json {
        print_line(format_args!(
            "\nTimes are wall-clock times in ns, divided by the number of operations of all tasks; the \
             median of {} measurements. Values have {VALUE} bytes.",
            settings.runs
        ));
    }
    Ok(())
}

/// The times per operation of each client. Clients alternate, so that load from other processes
/// affects all of them.
fn times(
    settings: Settings,
    url: &str,
    keys: &Arc<[Arc<str>]>,
    work: Workload,
    tasks: usize,
    runtime: &tokio::runtime::Runtime,
) -> [Vec<f64>; Contender::ALL.len()] {
    let mut times = [const { Vec::new() }; Contender::ALL.len()];
    for _ in 0..settings.runs {
        for (contender, times) in Contender::ALL.into_iter().zip(&mut times) {
            let time = settings.time;
            times.push(runtime.block_on(async {
                // Each measurement starts with a new client and an empty cache.
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

fn show(settings: Settings, work: Workload, tasks: usize, times: [Vec<f64>; Contender::ALL.len()]) {
    let middle = |numbers| median(numbers).expect("at least one measurement");
    for (contender, own) in Contender::ALL.into_iter().zip(&times) {
        // Ratios within a round: the machine's load changes more slowly than rounds.
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
        print_line(if settings.json { row.json() } else { row.text() });
    }
}

/// Sets a value for each key.
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
    fn every_contender_runs_every_workload() {
        let Some(server) = RedisServer::start_or_skip("the comparison over Redis") else { return };
        drop(server);
        let settings = Settings { time: Duration::from_millis(1), runs: 1, json: true };
        run(settings).expect("redis-server is installed");
    }
}
