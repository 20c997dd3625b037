//! Selvedge side by side with its peers, on the same work, in one run.

mod cache;
mod compare;
mod cpu;
mod engine;
mod first_cloth;
mod locked_map;
mod measurement;
mod memory;
mod number;
mod redis;
mod redis_fake;
mod say;
mod states;
mod supervisor;
mod tools;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use compare::{Contender, Settings};
use engine::Engine;
use first_cloth::Program;
use say::say;
use serde::Serialize;

/// Selvedge side by side with its peers, on the same work, in one run.
#[derive(Parser)]
#[command(name = "selvedge-bench")]
struct Arguments {
    #[command(subcommand)]
    work: Work,
}

#[derive(Subcommand)]
enum Work {
    /// How many executions each engine makes of the plainest cache-aside.
    FirstCloth {
        /// How long each engine may take for each program, in seconds.
        #[arg(long, default_value_t = 20)]
        budget: u64,
        /// A line for people, or an object for programs.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Our engine side by side with loom and shuttle: executions, time and memory, and the ratios.
    Engine {
        /// How long each engine may take for each program, in seconds.
        #[arg(long, default_value_t = 10)]
        budget: u64,
        /// How often a search is measured that is over soon; the middle one counts.
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
        runs: u16,
        /// A table for people, or objects for programs, one a line.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// The search of states on five and six threads, with one worker and with two, beside the search of classes, loom and
    /// shuttle.
    States {
        /// How long each search may take, in seconds.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
        budget: u64,
        /// How often each is made that is over within it; the middle one counts.
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
        runs: u16,
        /// A table for people, or objects for programs, one a line.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// The cache over a real redis-server, beside redis-rs alone and its client-side caching.
    Redis {
        /// How long each measurement lasts, in milliseconds.
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=2_000))]
        milliseconds: u16,
        /// How often each is made; the middle one counts.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
        runs: u16,
        /// A table for people, or objects for programs, one a line.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// The local tier and the whole cache beside moka, quick_cache, DashMap and a locked `HashMap`: time, memory, hit ratio.
    Cache {
        /// How long each timed measurement lasts, in milliseconds.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=2_000))]
        milliseconds: u16,
        /// How often each is made; the middle one counts.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
        runs: u16,
        /// A table for people, or objects for programs, one a line.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// The simulated Redis as a fake for unit tests, beside a real redis-server and Python's fakeredis; and under the engine.
    RedisFake {
        /// How long each measurement lasts, in milliseconds.
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=2_000))]
        milliseconds: u16,
        /// How often each is made; the middle one counts.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
        runs: u16,
        /// Leaves fakeredis out, for which pip has to fetch it.
        #[arg(long)]
        without_python: bool,
        /// A table for people, or objects for programs, one a line.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// One engine on one program, in this process. The other commands run it, so that an engine that hangs can be
    /// ended.
    #[command(hide = true)]
    Measure {
        #[arg(value_enum)]
        engine: Engine,
        #[arg(value_enum)]
        program: Program,
        #[arg(long)]
        budget: u64,
    },
    /// As `measure`, for `engine`.
    #[command(hide = true)]
    MeasureCell {
        #[arg(value_enum)]
        contender: Contender,
        program: compare::Program,
        #[arg(long)]
        budget: u64,
    },
    /// The bare coroutine's round trip, for `engine`.
    #[command(hide = true)]
    MeasureBareSwitch,
    /// Ten million executions, for `engine`.
    #[command(hide = true)]
    MeasureLongRun,
    /// How long an operation takes, for `cache`.
    #[command(hide = true)]
    MeasureCache {
        #[arg(value_enum)]
        contender: cache::Contender,
        #[arg(value_enum)]
        work: cache::Work,
        threads: u64,
        #[arg(long)]
        milliseconds: u64,
    },
    /// How much memory an entry takes, for `cache`.
    #[command(hide = true)]
    MeasureCacheMemory {
        #[arg(value_enum)]
        contender: cache::Contender,
    },
    /// How often what is asked for is there, for `cache`.
    #[command(hide = true)]
    MeasureHitRatio {
        #[arg(value_enum)]
        contender: cache::Contender,
        trace: usize,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

fn main() -> ExitCode {
    match Arguments::parse().work {
        Work::FirstCloth { budget, format } => first_cloth(Duration::from_secs(budget), format),
        Work::Engine { budget, runs, format } => {
            let budget = Duration::from_secs(budget);
            let settings = Settings { budget, runs: runs.into(), json: format == Format::Json };
            if compare::run(settings) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Work::States { budget, runs, format } => {
            let budget = Duration::from_secs(budget);
            states::run(states::Settings { budget, runs: runs.into(), json: format == Format::Json });
            ExitCode::SUCCESS
        }
        Work::Redis { milliseconds, runs, format } => redis(redis::Settings {
            time: Duration::from_millis(milliseconds.into()),
            runs: runs.into(),
            json: format == Format::Json,
        }),
        Work::RedisFake { milliseconds, runs, without_python, format } => {
            let measured = redis_fake::run(redis_fake::Settings {
                time: Duration::from_millis(milliseconds.into()),
                runs: runs.into(),
                json: format == Format::Json,
                python: !without_python,
            });
            match measured {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("a server of ours does not start: {error}");
                    ExitCode::FAILURE
                }
            }
        }
        Work::Cache { milliseconds, runs, format } => {
            let time = Duration::from_millis(milliseconds.into());
            let settings = cache::Settings { time, runs: runs.into(), json: format == Format::Json };
            if cache::run(settings) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Work::Measure { engine, program, budget } => {
            say(first_cloth::measure(engine, program, Duration::from_secs(budget)).json());
            ExitCode::SUCCESS
        }
        Work::MeasureCell { contender, program, budget } => {
            report(&compare::measure_cell(contender, program, Duration::from_secs(budget)))
        }
        Work::MeasureBareSwitch => report(&compare::measure_bare_switch()),
        Work::MeasureLongRun => report(&compare::measure_long_run()),
        Work::MeasureCache { contender, work, threads, milliseconds } => {
            let time = Duration::from_millis(milliseconds);
            report(&cache::measure_speed(contender, work, threads, time))
        }
        Work::MeasureCacheMemory { contender } => report(&cache::measure_memory(contender)),
        Work::MeasureHitRatio { contender, trace } => {
            report(&cache::measure_hit_ratio(contender, cache::Trace::numbered(trace)))
        }
    }
}

fn redis(settings: redis::Settings) -> ExitCode {
    match redis::run(settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!(
                "there is no redis-server to measure with: {error}. Install it: apt-get install redis-server"
            );
            ExitCode::FAILURE
        }
    }
}

/// Prints what the process that asked for it will read.
fn report(measured: &impl Serialize) -> ExitCode {
    say(serde_json::to_string(measured).expect("strings and numbers only"));
    ExitCode::SUCCESS
}

/// Prints each measurement as soon as it is there. Fails if an engine did, but only after the others have had their
/// turn.
fn first_cloth(budget: Duration, format: Format) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for program in Program::value_variants() {
        for engine in Engine::value_variants() {
            match first_cloth::measure_apart(*engine, *program, budget) {
                Ok(measurement) if format == Format::Json => say(measurement.json()),
                Ok(measurement) => say(measurement.text(budget)),
                Err(failure) => {
                    eprintln!("{} on {}: {failure}", engine.name(), program.name());
                    code = ExitCode::FAILURE;
                }
            }
        }
    }
    code
}
