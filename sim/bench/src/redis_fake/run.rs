//! The whole comparison, over servers that it starts.

use std::io;
use std::time::Duration;

use super::contender::{Contender, Workload};
use super::explored::explore;
use super::memory;
use super::python::Python;
use super::row::{self, Row};
use crate::number::median;
use crate::output::print_line;

/// How to measure and to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// Duration of each measurement.
    pub(crate) time: Duration,
    /// Number of measurements, of which the median counts.
    pub(crate) runs: usize,
    pub(crate) json: bool,
    /// Whether to include fakeredis, which must be downloaded.
    pub(crate) python: bool,
}

/// Prints the comparison. Omits servers that are not available, and names them.
///
/// # Errors
///
/// If a simulated server does not start.
pub(crate) fn run(settings: Settings) -> io::Result<()> {
    let mut contenders = Vec::new();
    let mut missing = Vec::new();
    match Contender::redis_server() {
        Ok(server) => contenders.push(server),
        Err(error) => {
            missing.push(format!(
                "redis-server is omitted: {error}. To install it: apt-get install redis-server"
            ));
        }
    }
    contenders.extend([Contender::in_process(), Contender::over_socket()?]);
    match settings.python.then(Python::with_fakeredis) {
        Some(Ok(python)) => contenders.push(Contender::FakeRedis(python)),
        Some(Err(error)) => missing.push(format!("fakeredis is omitted: {error}")),
        None => missing.push("fakeredis is omitted, as requested".to_owned()),
    }
    for missing in &missing {
        eprintln!("{missing}");
    }
    if !settings.json {
        print_line(row::head());
    }
    for work in Workload::ALL {
        compare(settings, work, &mut contenders);
    }
    if !settings.json {
        print_line(format!("\n{}", row::memory_head()));
    }
    match memory::compare() {
        Ok(rows) => {
            rows.iter().for_each(|row| print_line(if settings.json { row::json(row) } else { row.text() }));
        }
        Err(error) => eprintln!("the memory of a key is omitted: {error}"),
    }
    if !settings.json {
        print_line(format!("\n{}", row::explored_head()));
    }
    for clients in [3, 4] {
        let row = explore(clients, settings.time * u32::try_from(settings.runs).unwrap_or(u32::MAX));
        print_line(if settings.json { row::json(&row) } else { row.text() });
    }
    Ok(())
}

/// Measures the servers alternately, so that load from other processes affects all of them.
fn compare(settings: Settings, work: Workload, contenders: &mut [Contender]) {
    let mut times = vec![Vec::new(); contenders.len()];
    for _ in 0..settings.runs {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            match contender.nanoseconds(work, settings.time) {
                Ok(time) => times.push(time),
                Err(error) => eprintln!("{}: {error}", contender.name()),
            }
        }
    }
    let real = contenders.iter().position(|its| matches!(its, Contender::RedisServer { .. }));
    for (contender, own) in contenders.iter().zip(&times) {
        let Some(ns_per_command) = median(own.clone()) else { continue };
        // Ratios within a round.
        let ratios = real.map(|real| times[real].iter().zip(own).map(|(real, own)| real / own).collect());
        let row = Row {
            work: work.name(),
            server: contender.name(),
            ns_per_command,
            commands_per_second: 1e9 / ns_per_command,
            times_redis_server: ratios.and_then(median),
        };
        print_line(if settings.json { row::json(&row) } else { row.text() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_are_not_available_are_omitted() {
        let time = Duration::from_millis(1);
        run(Settings { time, runs: 1, json: true, python: false }).expect("the simulated servers start");
    }
}
