//! Why a command could not do its work.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use miette::{Diagnostic, Report};
use selvedge_redis::Address;
use selvedge_sim::checkpoint::CheckpointError;
use selvedge_sim::report::Unwritable;
use selvedge_sim::scenario::Mistakes;
use selvedge_sim::trace::Unreadable;
use thiserror::Error;

use crate::replay::ReplayError;
use crate::terminal::say;

/// The exit code of a mistake in the arguments, in a scenario or in a file beside it.
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
    /// A file is in the way, or an option does not fit.
    Gate(Box<GateError>),
    /// A file is not a trace that can be shown.
    Trace(Box<Unreadable>),
    /// A schedule cannot be run again.
    Replay(Box<ReplayError>),
    /// The report's folder cannot be written.
    Report(Unwritable),
    /// A search that is to be gone on with cannot be, or cannot be kept.
    Checkpoint(Box<CheckpointError>),
    /// The output could not be written.
    Output(io::Error),
}

/// What keeps the gate from working.
#[derive(Debug, Error, Diagnostic)]
pub(crate) enum GateError {
    /// A report cannot be written where it is wanted.
    #[error("cannot write {what} to {}: {error}", .path.display())]
    #[diagnostic(help("give a file in a folder that is there and can be written to"))]
    Unwritable {
        /// Which report.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A baseline that is there cannot be read, or a new one cannot be written.
    #[error("cannot {what} the baseline {}: {error}", .path.display())]
    Baseline {
        /// `read`, `write` or `remove`.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A file among the baselines is none.
    #[error("{} is no baseline: {why}", .path.display())]
    #[diagnostic(help(
        "take it back from version control, or remove it and record it anew with `selvedge gate --accept`"
    ))]
    NoBaseline {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The folder of baselines that was named is not there.
    #[error("there is no folder {} to compare with", .path.display())]
    #[diagnostic(help("`selvedge gate --accept` with the same --baseline records it"))]
    NoFolder {
        /// Which.
        path: PathBuf,
    },
    /// Shipped scenarios have no folder of their own.
    #[error("the scenario `{scenario}` ships with selvedge, and no folder beside it can hold its baseline")]
    #[diagnostic(help("say where it is to be: --baseline DIR"))]
    NoPlace {
        /// Which.
        scenario: String,
    },
    /// Another engine counts other things.
    #[error("baselines are of the engine `auto`, and this is `{engine}`")]
    #[diagnostic(help("leave --engine out, or --accept and --baseline"))]
    OtherEngine {
        /// Which engine was asked for.
        engine: &'static str,
    },
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
    /// Says what is wrong, on stderr, and gives the exit code.
    pub(crate) fn tell(self) -> u8 {
        match self {
            Failure::Arguments(error) if !error.use_stderr() => {
                let help = error.render();
                let help =
                    if io::stdout().is_terminal() { help.ansi().to_string() } else { help.to_string() };
                // Whoever closed the pipe has seen enough.
                _ = io::stdout().write_all(help.as_bytes());
                return 0;
            }
            Failure::Arguments(error) => {
                let text = error.render();
                say(&if io::stderr().is_terminal() { text.ansi().to_string() } else { text.to_string() });
            }
            Failure::Scenarios(mistakes) => {
                let summary = format!("{mistakes}: nothing was explored\n");
                mistakes.0.into_iter().for_each(report);
                say(&summary);
            }
            Failure::Listen(address, error) => say(&format!("cannot listen on {address}: {error}\n")),
            Failure::Gate(error) => report(*error),
            Failure::Trace(error) => report(*error),
            Failure::Replay(error) => report(*error),
            Failure::Report(error) => report(error),
            Failure::Checkpoint(error) => report(*error),
            // Whoever closed the pipe has seen enough; but a gate that was cut short has not passed.
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Failure::Output(error) => say(&format!("cannot write the results: {error}\n")),
        }
        USAGE
    }
}

fn report(error: impl Diagnostic + Send + Sync + 'static) {
    say(&format!("{:?}\n", Report::new(error)));
}
