//! The binary `selvedge`.

use std::process::ExitCode;

use selvedge_sim::protocols::Protocol;

fn main() -> ExitCode {
    ExitCode::from(selvedge_cli::run::<Protocol>(std::env::args_os(), &mut std::io::stdout().lock()))
}
