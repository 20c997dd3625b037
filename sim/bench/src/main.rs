//! Selvedge side by side with its peers, on the same work, in one run.

mod engine;
mod first_cloth;
mod locked_map;
mod measurement;
mod supervisor;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use engine::Engine;
use first_cloth::Program;

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
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

fn main() -> ExitCode {
    match Arguments::parse().work {
        Work::FirstCloth { budget, format } => first_cloth(Duration::from_secs(budget), format),
        Work::Measure { engine, program, budget } => {
            println!("{}", first_cloth::measure(engine, program, Duration::from_secs(budget)).json());
            ExitCode::SUCCESS
        }
    }
}

/// Prints each measurement as soon as it is there. Fails if an engine did, but only after the others have had their
/// turn.
fn first_cloth(budget: Duration, format: Format) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for program in Program::value_variants() {
        for engine in Engine::value_variants() {
            match supervisor::measure(*engine, *program, budget) {
                Ok(measurement) if format == Format::Json => println!("{}", measurement.json()),
                Ok(measurement) => println!("{}", measurement.text(budget)),
                Err(failure) => {
                    eprintln!("{} on {}: {failure}", engine.name(), program.name());
                    code = ExitCode::FAILURE;
                }
            }
        }
    }
    code
}
