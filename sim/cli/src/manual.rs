//! `selvedge man` and `selvedge completions`: for the packages of a system.

use std::io::Write;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Arguments;
use crate::error::Failure;

/// Writes a manual page for the command and for each of its commands to the folder.
pub(crate) fn pages(folder: &Path) -> Result<u8, Failure> {
    clap_mangen::generate_to(Arguments::command(), folder)?;
    Ok(0)
}

/// Writes the shell's script.
pub(crate) fn completions(shell: Shell, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "selvedge", &mut script);
    out.write_all(&script)?;
    Ok(0)
}
