//! Output on stdout.

use std::fmt::Display;
use std::io::{self, Write};
use std::process;

/// Prints a line. Exits successfully if the reader has closed the pipe (`| head`).
pub(crate) fn print_line(line: impl Display) {
    if let Err(error) = writeln!(io::stdout().lock(), "{line}") {
        if error.kind() == io::ErrorKind::BrokenPipe {
            process::exit(0);
        }
        eprintln!("cannot write to stdout: {error}");
        process::exit(2);
    }
}
