//! What the process that a command runs in tells it, beyond the command line.

use std::env;
use std::path::PathBuf;

use crate::interrupt::Interrupt;
use crate::look::Terminal;

/// What is around a command. By default nothing is: a test that calls the command as a library sees no more than its
/// words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    /// Whether somebody has had enough.
    pub(crate) interrupt: Interrupt,
    /// Whether this is a step of GitHub Actions.
    pub(crate) github_actions: bool,
    /// Where a step of GitHub Actions writes its summary.
    pub(crate) step_summary: Option<PathBuf>,
    /// The terminal that results go to, if it is one.
    pub(crate) terminal: Option<Terminal>,
    /// The folder from which the command was run.
    pub(crate) root: PathBuf,
}

impl Surroundings {
    /// Those of this process.
    pub(crate) fn of_process() -> Self {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        Surroundings {
            interrupt: Interrupt::of_process(),
            github_actions: set("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
            step_summary: set("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            terminal: Terminal::of_stdout(),
            root: env::current_dir().unwrap_or_default(),
        }
    }
}
