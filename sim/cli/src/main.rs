//! The binary `selvedge`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(selvedge_cli::run(std::env::args_os(), &mut std::io::stdout().lock()))
}
