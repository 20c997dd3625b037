//! From the words of the command line to the exit code.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use selvedge_sim::protocols::Caches;
use selvedge_sim::scenario::load_all;

use crate::args::{Arguments, Command};
use crate::error::Failure;
use crate::look::look;
use crate::session::Session;
use crate::surroundings::Surroundings;
use crate::terminal::Results;
use crate::{explore, gate, list, matrix, replay, simulated_redis, trace};

/// What the binary does, for scenarios of these caches: [`run`] with the process's words and standard output. Beyond
/// that, Ctrl-C ends a search early and keeps what was found, with exit code 130 unless that is a violation; and inside
/// of GitHub Actions the gate writes annotations and the job's summary.
pub fn main<C: Caches>() -> ExitCode {
    let out = &mut io::stdout().lock();
    ExitCode::from(run_in::<C>(&Surroundings::of_process(), env::args_os(), out))
}

/// Runs the command that the words ask for, the first word being the program's name, on scenarios of these caches:
/// [`Protocol`](selvedge_sim::protocols::Protocol) for those that ship. Results go to `out`; progress and mistakes to
/// stderr. Returns the exit code: 0 as expected; 1 a violation, or a control that did not fail; 2 a mistake
/// in the arguments or a scenario; 3 bounded where complete was required; 4 vacuous, or nothing ran.
pub fn run<C: Caches>(
    words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    out: &mut dyn Write,
) -> u8 {
    run_in::<C>(&Surroundings::default(), words, out)
}

fn run_in<C: Caches>(
    surroundings: &Surroundings,
    words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    out: &mut dyn Write,
) -> u8 {
    let result = perform::<C>(surroundings, words, out);
    let flushed = result.and_then(|code| out.flush().map(|()| code).map_err(Failure::from));
    flushed.unwrap_or_else(Failure::tell)
}

fn perform<C: Caches>(
    surroundings: &Surroundings,
    words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let arguments = Arguments::try_parse_from(words).map_err(Failure::Arguments)?;
    let look = look(arguments.color, surroundings.terminal);
    let columns = surroundings.terminal.and_then(|terminal| terminal.columns);
    let results = &mut Results::new(out, arguments.command.form(look, columns));
    let session = |selection| Session::new::<C>(selection, look, &surroundings.interrupt);
    let code = match arguments.command {
        Command::Explore(selection) => explore::run(session(&selection)?, results),
        Command::Gate(options) => {
            let session = session(&options.selection)?.within(options.total());
            gate::run(session, &options, surroundings, results)
        }
        Command::Matrix(selection) => matrix::run(session(&selection)?, results),
        Command::Trace(shown) => trace::run::<C>(&shown, look, &surroundings.interrupt, results),
        Command::Replay(words) => replay::run::<C>(&words, look, results),
        Command::Redis(place) => simulated_redis::run(&place, &surroundings.interrupt, results),
        Command::List { scenarios } => list::run(&load_all(&scenarios, &C::known())?, results),
    }?;
    results.flush()?;
    Ok(code)
}
