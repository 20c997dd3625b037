//! The error of a command.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use selvedge_sim::checkpoint::CheckpointError;
use selvedge_sim::diagnostic::{Diagnostic, diagnose};
use selvedge_sim::fleet::FleetError;
use selvedge_sim::prove::FamilyError;
use selvedge_sim::report::{PieceError, Unwritable};
use selvedge_sim::scenario::Mistakes;
use selvedge_sim::trace::Unreadable;

use super::{GateError, NativeError, ReplayError};
use crate::look::of_stderr;
use crate::terminal::say;

/// The exit code of an error in the arguments, in a scenario or in another input file.
const USAGE: u8 = 2;

/// The error of a command.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments are wrong, or request help.
    Arguments(clap::Error),
    /// The scenarios are wrong.
    Scenarios(Mistakes),
    /// A part that this build does not have: its name, and the feature of this crate that adds it.
    NotBuiltIn(String, &'static str),
    /// The server cannot listen on this address.
    #[cfg(feature = "server")]
    Listen(selvedge_redis::Address, io::Error),
    /// The page cannot be served. Has the reason.
    Serve(String),
    /// A file of a new folder cannot be written.
    New(PathBuf, io::Error),
    /// A file or an option of the gate is wrong.
    Gate(Box<GateError>),
    /// A recorded trace cannot be read.
    Trace(Box<Unreadable>),
    /// A schedule cannot be replayed.
    Replay(Box<ReplayError>),
    /// The report's folder cannot be written.
    Report(Unwritable),
    /// A checkpoint cannot be read or written.
    Checkpoint(Box<CheckpointError>),
    /// The search cannot be shared over the server.
    Fleet(FleetError),
    /// A shard's results cannot be written or read.
    Piece(Box<PieceError>),
    /// The shards cannot be merged. Has the reason.
    Merge(String),
    /// The clients to prove cannot be run.
    Family(FamilyError),
    /// The tests cannot be built or run.
    Native(NativeError),
    /// The output could not be written.
    Output(io::Error),
}

impl From<NativeError> for Failure {
    fn from(error: NativeError) -> Self {
        Failure::Native(error)
    }
}

impl From<PieceError> for Failure {
    fn from(error: PieceError) -> Self {
        Failure::Piece(Box::new(error))
    }
}

impl From<FleetError> for Failure {
    fn from(error: FleetError) -> Self {
        Failure::Fleet(error)
    }
}

impl From<FamilyError> for Failure {
    fn from(error: FamilyError) -> Self {
        Failure::Family(error)
    }
}

impl From<Mistakes> for Failure {
    fn from(mistakes: Mistakes) -> Self {
        Failure::Scenarios(mistakes)
    }
}

impl From<GateError> for Failure {
    fn from(error: GateError) -> Self {
        Failure::Gate(Box::new(error))
    }
}

impl From<Unreadable> for Failure {
    fn from(error: Unreadable) -> Self {
        Failure::Trace(Box::new(error))
    }
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        Failure::Replay(Box::new(error))
    }
}

impl From<Unwritable> for Failure {
    fn from(error: Unwritable) -> Self {
        Failure::Report(error)
    }
}

impl From<CheckpointError> for Failure {
    fn from(error: CheckpointError) -> Self {
        Failure::Checkpoint(Box::new(error))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

impl Failure {
    /// Writes the error to stderr and returns the exit code.
    pub(crate) fn report(self) -> u8 {
        match self {
            Failure::Arguments(error) if !error.use_stderr() => {
                let help = error.render();
                let help =
                    if io::stdout().is_terminal() { help.ansi().to_string() } else { help.to_string() };
                // A closed pipe is not an error for help.
                _ = io::stdout().write_all(help.as_bytes());
                return 0;
            }
            Failure::Arguments(error) => {
                let text = error.render();
                say(&if io::stderr().is_terminal() { text.ansi().to_string() } else { text.to_string() });
            }
            Failure::Scenarios(mistakes) => {
                let summary = format!("{mistakes}: nothing was explored\n");
                mistakes.0.iter().for_each(|mistake| report(mistake));
                say(&summary);
            }
            Failure::NotBuiltIn(what, feature) => say(&format!(
                "{what} is not built into this selvedge: add the feature `{feature}`, as in `cargo run --release \
                 --features {feature} -- …`, or install it with --all-features\n"
            )),
            #[cfg(feature = "server")]
            Failure::Listen(address, error) => say(&format!("cannot listen on {address}: {error}\n")),
            Failure::Serve(why) => say(&format!("{why}\n")),
            Failure::New(path, error) => say(&format!("cannot create {}: {error}\n", path.display())),
            Failure::Gate(error) => report(&*error),
            Failure::Trace(error) => report(&*error),
            Failure::Replay(error) => report(&*error),
            Failure::Report(error) => report(&error),
            Failure::Checkpoint(error) => report(&*error),
            Failure::Fleet(error) => report(&error),
            Failure::Piece(error) => report(&*error),
            Failure::Merge(why) => say(&format!("cannot merge: {why}\n")),
            Failure::Family(error) => report(&error),
            Failure::Native(error) => say(&format!("{error}\n")),
            // A closed pipe needs no message, but a gate that was cut short has not passed.
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Failure::Output(error) => say(&format!("cannot write the results: {error}\n")),
        }
        USAGE
    }
}

fn report(error: &dyn Diagnostic) {
    say(&format!("{}\n", diagnose(error, of_stderr())));
}
