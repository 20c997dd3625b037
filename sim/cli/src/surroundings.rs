//! The environment of a command, beyond its arguments.

use std::env;
use std::path::PathBuf;

use crate::interrupt::Interrupt;
use crate::look::Terminal;

/// The environment of a command. It is empty by default: a command that a test calls as a library
/// depends only on its arguments.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    /// The interrupt by the user.
    pub(crate) interrupt: Interrupt,
    /// Whether the command runs in GitHub Actions.
    pub(crate) github_actions: bool,
    /// The file for the job summary of GitHub Actions.
    pub(crate) step_summary: Option<PathBuf>,
    /// The terminal that shows the results, if any.
    pub(crate) terminal: Option<Terminal>,
    /// The working directory.
    pub(crate) root: PathBuf,
}

impl Surroundings {
    /// The environment of this process.
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
