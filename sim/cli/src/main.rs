//! The binary `selvedge`.

use std::process::ExitCode;

use selvedge_sim::protocols::Protocol;

fn main() -> ExitCode {
    selvedge_cli::main::<Protocol>()
}
