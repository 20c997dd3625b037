//! Lines on standard output.

use std::fmt::Display;
use std::io::{self, Write};
use std::process;

/// Prints the line. If nobody reads any more (`| head`), the rest is not wanted: the process ends, and it is no failure.
pub(crate) fn say(line: impl Display) {
    if let Err(error) = writeln!(io::stdout().lock(), "{line}") {
        if error.kind() == io::ErrorKind::BrokenPipe {
            process::exit(0);
        }
        eprintln!("the output could not be written: {error}");
        process::exit(2);
    }
}
