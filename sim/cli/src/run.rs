//! From the words of the command line to the exit code.

use std::ffi::OsString;
use std::io::Write;

use clap::Parser;

use crate::args::{Arguments, Command};
use crate::error::Failure;
use crate::{explore, gate, list, matrix, trace};

/// Runs the command that the words ask for, the first word being the program's name. Results go to `out`; progress and
/// mistakes to stderr. Returns the exit code: 0 as expected; 1 a violation, or a control that did not fail; 2 a mistake
/// in the arguments or a scenario; 3 bounded where complete was required; 4 vacuous, or nothing ran.
pub fn run<W: Into<OsString> + Clone>(words: impl IntoIterator<Item = W>, out: &mut dyn Write) -> u8 {
    let command = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments.command,
        Err(error) => return Failure::Arguments(error).tell(),
    };
    let result = match command {
        Command::Explore(selection) => explore::run(&selection, out),
        Command::Gate(selection) => gate::run(&selection, out),
        Command::Matrix(selection) => matrix::run(&selection, out),
        Command::Trace(selection) => trace::run(&selection, out),
        Command::List { scenarios } => list::run(&scenarios, out),
    };
    let flushed = result.and_then(|code| out.flush().map(|()| code).map_err(Failure::from));
    flushed.unwrap_or_else(Failure::tell)
}
