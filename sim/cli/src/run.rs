//! Runs a command line and returns its exit code.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use selvedge_sim::protocols::Caches;
use selvedge_sim::scenario::{Case, Scenario, load_all};

use crate::args::{Arguments, Command, Selection};
use crate::error::Failure;
use crate::look::look;
#[cfg(feature = "manual")]
use crate::manual;
use crate::session::Session;
#[cfg(feature = "server")]
use crate::simulated_redis;
use crate::surroundings::Surroundings;
use crate::terminal::Results;
use crate::{explore, gate, list, matrix, merge, native, new, prove, replay, serve, trace};

/// The `main` of the binary, for scenarios that name caches of `C`: [`run`] with the process's
/// arguments and stdout. Also, Ctrl-C ends a search early and reports the results so far, with exit
/// code 130 unless a violation was found; and in GitHub Actions the gate writes annotations and the
/// job summary.
pub fn main<C: Caches>() -> ExitCode {
    let out = &mut io::stdout().lock();
    ExitCode::from(run_in::<C>(&Surroundings::of_process(), env::args_os(), out))
}

/// Runs a command line, whose first argument is the program's name, on scenarios that name caches
/// of `C`: [`Protocol`](selvedge_sim::protocols::Protocol) for the shipped ones. Writes results to
/// `out`, progress and errors to stderr.
///
/// Returns the exit code: 0 as expected; 1 a violation, or a control that did not fail; 2 an error
/// in the arguments or a scenario; 3 bounded where complete was required; 4 vacuous, or no case
/// ran.
pub fn run<C: Caches>(
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    out: &mut dyn Write,
) -> u8 {
    run_in::<C>(&Surroundings::default(), arguments, out)
}

fn run_in<C: Caches>(
    surroundings: &Surroundings,
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    out: &mut dyn Write,
) -> u8 {
    let result = execute::<C>(surroundings, arguments, out);
    let flushed = result.and_then(|code| out.flush().map(|()| code).map_err(Failure::from));
    flushed.unwrap_or_else(Failure::report)
}

fn execute<C: Caches>(
    surroundings: &Surroundings,
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let words: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let parsed = Arguments::try_parse_from(arguments).map_err(Failure::Arguments)?;
    let look = look(parsed.color, surroundings.terminal);
    let columns = surroundings.terminal.and_then(|terminal| terminal.columns);
    let results = &mut Results::new(out, parsed.command.form(look, columns));
    let session = |selection: &Selection, baseline: Option<&Path>| -> Result<Session, Failure> {
        let session = Session::new::<C>(selection, look, &surroundings.interrupt)?;
        let cost = |scenario: &Scenario, case: &Case| gate::recorded_cost(baseline, scenario, &case.name);
        Ok(match (selection.shard, &selection.report) {
            (Some(shard), Some(folder)) => session.shard(shard, folder.clone(), &words, cost),
            _ => session,
        })
    };
    let code = match parsed.command {
        Command::Explore(selection) => explore::run(session(&selection, None)?, results),
        Command::Gate(options) => {
            let session = session(&options.selection, options.baseline.as_deref())?.within(options.total());
            gate::run(session, &options, surroundings, results)
        }
        Command::Prove(options) => prove::run::<C>(&options, look, &surroundings.interrupt, &words, results),
        Command::Merge(options) => merge::run::<C>(&options, look, surroundings, results),
        Command::Matrix(selection) => matrix::run(session(&selection, None)?, results),
        Command::Trace(options) => trace::run::<C>(&options, look, &surroundings.interrupt, results),
        Command::Replay(options) => replay::run::<C>(&options, look, results),
        #[cfg(not(feature = "server"))]
        Command::Redis(_) => Err(Failure::NotBuiltIn("`selvedge redis`".to_owned(), "server")),
        #[cfg(feature = "server")]
        Command::Redis(options) => simulated_redis::run(&options, &surroundings.interrupt, results),
        Command::New(options) => new::run(&options, results),
        Command::Serve(options) => serve::run(&options, &surroundings.interrupt, results),
        Command::ServeRun(options) => serve::work::<C>(&options, results),
        Command::Test(options) => native::run(&options, results),
        #[cfg(not(feature = "manual"))]
        Command::Man { .. } | Command::Completions { .. } => {
            Err(Failure::NotBuiltIn("this command".to_owned(), "manual"))
        }
        #[cfg(feature = "manual")]
        Command::Man { folder } => manual::pages(&folder),
        #[cfg(feature = "manual")]
        Command::Completions { shell } => manual::completions(shell, results),
        Command::List { scenarios } => list::run(&load_all(&scenarios, &C::known())?, results),
    }?;
    results.flush()?;
    Ok(code)
}
