//! The binary `cargo-selvedge`: `cargo selvedge test` is `selvedge test`.

use std::ffi::OsString;
use std::process::{Command, ExitCode};
use std::{env, io};

fn main() -> ExitCode {
    // Cargo passes the subcommand's name first.
    let mut arguments = env::args_os().skip(1).peekable();
    arguments.next_if(|first| first == "selvedge");
    let program = selvedge();
    let error = match run(Command::new(&program).args(arguments)) {
        Ok(code) => return code,
        Err(error) => error,
    };
    eprintln!(
        "cargo-selvedge: cannot run {}: {error}\nInstall `selvedge`, which `cargo install` puts into the same folder.",
        program.display()
    );
    ExitCode::from(2)
}

/// The binary `selvedge` in the folder of this one, or the one that `PATH` has.
fn selvedge() -> OsString {
    let name = format!("selvedge{}", env::consts::EXE_SUFFIX);
    let sibling = env::current_exe().ok().map(|own| own.with_file_name(&name));
    sibling.filter(|path| path.exists()).map_or(name.into(), Into::into)
}

/// Replaces this process, so that signals and the exit code are those of `selvedge`.
#[cfg(unix)]
fn run(command: &mut Command) -> io::Result<ExitCode> {
    Err(std::os::unix::process::CommandExt::exec(command))
}

#[cfg(not(unix))]
fn run(command: &mut Command) -> io::Result<ExitCode> {
    let code = command.status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
