//! The command `selvedge`, on the mutants.

use std::process::ExitCode;

use selvedge_mutants::Mutant;

fn main() -> ExitCode {
    ExitCode::from(selvedge_cli::run::<Mutant>(std::env::args_os(), &mut std::io::stdout().lock()))
}
