//! Why a command could not do its work.

use std::io;

use miette::Report;
use selvedge_redis::Address;
use selvedge_sim::scenario::Mistakes;

/// The exit code of a mistake in the arguments or in a scenario.
const USAGE: u8 = 2;

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments are wrong, or ask for help.
    Arguments(clap::Error),
    /// The scenarios are wrong.
    Scenarios(Mistakes),
    /// Nobody can be served there.
    Listen(Address, io::Error),
    /// The output could not be written.
    Output(io::Error),
}

impl From<Mistakes> for Failure {
    fn from(mistakes: Mistakes) -> Self {
        Failure::Scenarios(mistakes)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

impl Failure {
    /// Says what is wrong, on stderr, and gives the exit code.
    pub(crate) fn tell(self) -> u8 {
        match self {
            Failure::Arguments(error) => {
                // Nothing is left to be done if stderr is closed too.
                _ = error.print();
                if error.use_stderr() { USAGE } else { 0 }
            }
            Failure::Scenarios(mistakes) => {
                let summary = format!("{mistakes}: nothing was explored");
                for mistake in mistakes.0 {
                    eprintln!("{:?}", Report::new(mistake));
                }
                eprintln!("{summary}");
                USAGE
            }
            Failure::Listen(address, error) => {
                eprintln!("cannot listen on {address}: {error}");
                USAGE
            }
            Failure::Output(error) => {
                // Whoever closed the pipe has seen enough; but a gate that was cut short has not passed.
                if error.kind() != io::ErrorKind::BrokenPipe {
                    eprintln!("cannot write the results: {error}");
                }
                USAGE
            }
        }
    }
}
