//! The command `selvedge` for the mutants.

use std::process::ExitCode;

use selvedge_mutants::Mutant;

fn main() -> ExitCode {
    selvedge_cli::main::<Mutant>()
}
