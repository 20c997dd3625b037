//! The whole comparison, with servers of its own.

use std::io;
use std::time::Duration;

use super::contender::{Contender, Work};
use super::explored::explore;
use super::python::Python;
use super::row::{self, Row};
use crate::number::median;
use crate::say::say;

/// How the comparison is made and shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// How long each measurement lasts.
    pub(crate) time: Duration,
    /// How often each is made; the middle one counts.
    pub(crate) runs: usize,
    pub(crate) json: bool,
    /// Whether fakeredis is to be fetched.
    pub(crate) python: bool,
}

/// Prints the comparison. Who is not there is named, and left out.
///
/// # Errors
///
/// If one of our own servers does not start.
pub(crate) fn run(settings: Settings) -> io::Result<()> {
    let mut contenders = Vec::new();
    let mut missing = Vec::new();
    match Contender::redis_server() {
        Ok(server) => contenders.push(server),
        Err(error) => {
            missing
                .push(format!("redis-server is left out: {error}. To have it: apt-get install redis-server"));
        }
    }
    contenders.extend([Contender::in_process(), Contender::over_socket()?]);
    match settings.python.then(Python::with_fakeredis) {
        Some(Ok(python)) => contenders.push(Contender::FakeRedis(python)),
        Some(Err(error)) => missing.push(format!("fakeredis is left out: {error}")),
        None => missing.push("fakeredis is left out, as was asked for".to_owned()),
    }
    for missing in &missing {
        eprintln!("{missing}");
    }
    if !settings.json {
        say(row::head());
    }
    for work in Work::ALL {
        compare(settings, work, &mut contenders);
    }
    if !settings.json {
        say(format!("\n{}", row::explored_head()));
    }
    for clients in [3, 4] {
        let row = explore(clients, settings.time * u32::try_from(settings.runs).unwrap_or(u32::MAX));
        say(if settings.json { row::json(&row) } else { row.text() });
    }
    Ok(())
}

/// They take turns, so that a slow minute is not one's alone.
fn compare(settings: Settings, work: Work, contenders: &mut [Contender]) {
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
        // Of those that were measured one after the other.
        let ratios = real.map(|real| times[real].iter().zip(own).map(|(real, own)| real / own).collect());
        let row = Row {
            work: work.name(),
            server: contender.name(),
            ns_per_command,
            commands_per_second: 1e9 / ns_per_command,
            times_redis_server: ratios.and_then(median),
        };
        say(if settings.json { row::json(&row) } else { row.text() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_without_those_that_are_missing() {
        let time = Duration::from_millis(1);
        run(Settings { time, runs: 1, json: true, python: false }).expect("our own servers start");
    }
}
