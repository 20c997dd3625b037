//! From the words of the command line to the exit code.

use std::ffi::OsString;
use std::io::Write;

use clap::Parser;
use selvedge_sim::protocols::Caches;
use selvedge_sim::scenario::load_all;

use crate::args::{Arguments, Command};
use crate::error::Failure;
use crate::session::Session;
use crate::{explore, gate, list, matrix, simulated_redis, trace};

/// Runs the command that the words ask for, the first word being the program's name, on scenarios of these caches:
/// [`Protocol`](selvedge_sim::protocols::Protocol) for those that ship. Results go to `out`; progress and mistakes to
/// stderr. Returns the exit code: 0 as expected; 1 a violation, or a control that did not fail; 2 a mistake
/// in the arguments or a scenario; 3 bounded where complete was required; 4 vacuous, or nothing ran.
pub fn run<C: Caches>(
    words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    out: &mut dyn Write,
) -> u8 {
    let result = perform::<C>(words, out);
    let flushed = result.and_then(|code| out.flush().map(|()| code).map_err(Failure::from));
    flushed.unwrap_or_else(Failure::tell)
}

fn perform<C: Caches>(
    words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let arguments = Arguments::try_parse_from(words).map_err(Failure::Arguments)?;
    match arguments.command {
        Command::Explore(selection) => explore::run(Session::new::<C>(&selection)?, out),
        Command::Gate(selection) => gate::run(Session::new::<C>(&selection)?, out),
        Command::Matrix(selection) => matrix::run(Session::new::<C>(&selection)?, out),
        Command::Trace(selection) => trace::run(Session::new::<C>(&selection)?, out),
        Command::Redis(place) => simulated_redis::run(&place, out),
        Command::List { scenarios } => list::run(&load_all(&scenarios, &C::names())?, out),
    }
}
