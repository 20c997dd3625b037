//! Compares Selvedge with its peers on the same workloads, in one run.

mod cache;
mod cache_aside;
mod compare;
mod cpu;
mod engine;
mod locked_map;
mod measurement;
mod memory;
mod native;
mod nodes;
mod number;
mod output;
mod redis;
mod redis_fake;

mod states;
mod supervisor;
mod tools;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use cache_aside::CacheAsideSize;
use compare::{Contender, Settings};
use engine::BenchEngine;
use output::print_line;
use serde::Serialize;

/// Compares Selvedge with its peers on the same workloads, in one run
#[derive(Parser)]
#[command(name = "selvedge-bench")]
struct Arguments {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Subcommand)]
enum BenchCommand {
    /// Count the executions of each engine for a minimal cache-aside
    CacheAside {
        /// Time limit per engine and program, in seconds
        #[arg(long, default_value_t = 20)]
        budget: u64,
        /// Print text, or one JSON object per line
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Compare our engine with loom and shuttle: executions, time, memory and ratios
    Engine {
        /// Time limit per engine and program, in seconds
        #[arg(long, default_value_t = 10)]
        budget: u64,
        /// Number of measurements of a short search, of which the median counts
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
        runs: u16,
        /// Print a table, or one JSON object per line
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Compare the search of execution graphs under RC11 with loom: executions and time
    Rc11 {
        /// Time limit per engine and program, in seconds
        #[arg(long, default_value_t = 10)]
        budget: u64,
        /// Number of measurements of a short search, of which the median counts
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
        runs: u16,
        /// Print a table, or one JSON object per line
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Compare the search by states, with one and two workers, with the search by classes, loom and
    /// shuttle, on five and six threads
    States {
        /// Time limit per search, in seconds
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
        budget: u64,
        /// Number of measurements of a search that completes in time, of which the median counts
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
        runs: u16,
        /// Print a table, or one JSON object per line
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Compare native mode with our engine over its own types, loom and shuttle
    Native {
        /// Time limit per engine and program, in seconds
        #[arg(long, default_value_t = 10)]
        budget: u64,
        /// Number of executions of a further run, of which the memory is shown
        #[arg(long, default_value_t = 0)]
        long: u64,
        /// Print a table, or one JSON object per line
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Compare the cache over a real redis-server with redis-rs alone and with its client-side
    /// caching
    Redis {
        /// Duration of each measurement, in milliseconds
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=2_000))]
        milliseconds: u16,
        /// Number of measurements, of which the median counts
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
        runs: u16,
        /// Print a table, or one JSON object per line
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Compare the writes at each level of consistency between nodes with a plain SET, over a real
    /// redis-server
    Nodes {
        /// Duration of each measurement, in milliseconds
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        milliseconds: u16,
        /// Print a table, or one JSON object per line
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Compare the local tier and the whole cache with moka, quick_cache, DashMap and a locked
    /// `HashMap`: time, memory, hit ratio
    Cache {
        /// Duration of each timed measurement, in milliseconds
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=2_000))]
        milliseconds: u16,
        /// Number of measurements, of which the median counts
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
        runs: u16,
        /// Print a table, or one JSON object per line
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Compare the simulated Redis, as a fake for unit tests, with a real redis-server and Python's
    /// fakeredis; and measure it under the engine
    RedisFake {
        /// Duration of each measurement, in milliseconds
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=2_000))]
        milliseconds: u16,
        /// Number of measurements, of which the median counts
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
        runs: u16,
        /// Omit fakeredis, which pip would have to download
        #[arg(long)]
        without_python: bool,
        /// Print a table, or one JSON object per line
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Measure one engine on one program, in this process. The other commands spawn it, so that
    /// they can kill an engine that hangs
    #[command(hide = true)]
    Measure {
        #[arg(value_enum)]
        engine: BenchEngine,
        #[arg(value_enum)]
        program: CacheAsideSize,
        #[arg(long)]
        budget: u64,
    },
    /// Like `measure`, for `engine`
    #[command(hide = true)]
    MeasureCell {
        #[arg(value_enum)]
        contender: Contender,
        program: compare::Program,
        #[arg(long)]
        budget: u64,
    },
    /// Measure the round trip of a bare coroutine, for `engine`
    #[command(hide = true)]
    MeasureBareSwitch,
    /// Measure ten million executions, for `engine`
    #[command(hide = true)]
    MeasureLongRun,
    /// Measure the time of an operation, for `cache`
    #[command(hide = true)]
    MeasureCache {
        #[arg(value_enum)]
        contender: cache::Contender,
        #[arg(value_enum)]
        workload: cache::Workload,
        threads: u64,
        #[arg(long)]
        milliseconds: u64,
    },
    /// Measure the memory of an entry, for `cache`
    #[command(hide = true)]
    MeasureCacheMemory {
        #[arg(value_enum)]
        contender: cache::Contender,
    },
    /// Measure a hit ratio, for `cache`
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
    match Arguments::parse().command {
        BenchCommand::CacheAside { budget, format } => cache_aside(Duration::from_secs(budget), format),
        BenchCommand::Engine { budget, runs, format } => {
            let budget = Duration::from_secs(budget);
            let settings = Settings { budget, runs: runs.into(), json: format == Format::Json };
            if compare::run(settings) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        BenchCommand::Rc11 { budget, runs, format } => {
            let budget = Duration::from_secs(budget);
            let settings = Settings { budget, runs: runs.into(), json: format == Format::Json };
            if compare::run_weak_memory(settings) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        BenchCommand::States { budget, runs, format } => {
            let budget = Duration::from_secs(budget);
            states::run(states::Settings { budget, runs: runs.into(), json: format == Format::Json });
            ExitCode::SUCCESS
        }
        BenchCommand::Native { budget, long, format } => {
            let budget = Duration::from_secs(budget);
            match native::run(native::Settings { budget, long, json: format == Format::Json }) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("the programs of native mode: {error}");
                    ExitCode::FAILURE
                }
            }
        }
        BenchCommand::Redis { milliseconds, runs, format } => needs_redis(redis::run(redis::Settings {
            time: Duration::from_millis(milliseconds.into()),
            runs: runs.into(),
            json: format == Format::Json,
        })),
        BenchCommand::Nodes { milliseconds, format } => {
            let time = Duration::from_millis(milliseconds.into());
            needs_redis(nodes::run(nodes::Settings { time, json: format == Format::Json }))
        }
        BenchCommand::RedisFake { milliseconds, runs, without_python, format } => {
            let measured = redis_fake::run(redis_fake::Settings {
                time: Duration::from_millis(milliseconds.into()),
                runs: runs.into(),
                json: format == Format::Json,
                python: !without_python,
            });
            match measured {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("cannot start a simulated server: {error}");
                    ExitCode::FAILURE
                }
            }
        }
        BenchCommand::Cache { milliseconds, runs, format } => {
            let time = Duration::from_millis(milliseconds.into());
            let settings = cache::Settings { time, runs: runs.into(), json: format == Format::Json };
            if cache::run(settings) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        BenchCommand::Measure { engine, program, budget } => {
            print_line(cache_aside::measure(engine, program, Duration::from_secs(budget)).json());
            ExitCode::SUCCESS
        }
        BenchCommand::MeasureCell { contender, program, budget } => {
            report(&compare::measure_cell(contender, program, Duration::from_secs(budget)))
        }
        BenchCommand::MeasureBareSwitch => report(&compare::measure_bare_switch()),
        BenchCommand::MeasureLongRun => report(&compare::measure_long_run()),
        BenchCommand::MeasureCache { contender, workload, threads, milliseconds } => {
            let time = Duration::from_millis(milliseconds);
            report(&cache::measure_speed(contender, workload, threads, time))
        }
        BenchCommand::MeasureCacheMemory { contender } => report(&cache::measure_memory(contender)),
        BenchCommand::MeasureHitRatio { contender, trace } => {
            report(&cache::measure_hit_ratio(contender, cache::Trace::numbered(trace)))
        }
    }
}

fn needs_redis(measured: std::io::Result<()>) -> ExitCode {
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot start redis-server: {error}. To install it: apt-get install redis-server");
            ExitCode::FAILURE
        }
    }
}

/// Prints a result for the parent process.
fn report(measured: &impl Serialize) -> ExitCode {
    print_line(serde_json::to_string(measured).expect("strings and numbers always serialize"));
    ExitCode::SUCCESS
}

/// Prints each measurement when it is complete. Fails if an engine failed; the remaining
/// measurements still run.
fn cache_aside(budget: Duration, format: Format) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for program in CacheAsideSize::value_variants() {
        for engine in BenchEngine::value_variants() {
            match cache_aside::measure_apart(*engine, *program, budget) {
                Ok(measurement) if format == Format::Json => print_line(measurement.json()),
                Ok(measurement) => print_line(measurement.text(budget)),
                Err(failure) => {
                    eprintln!("{} on {}: {failure}", engine.name(), program.name());
                    code = ExitCode::FAILURE;
                }
            }
        }
    }
    code
}
