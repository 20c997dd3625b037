//! Runs each measurement in a process of its own. Engines look at their budget between executions only: one that hangs
//! in an execution is ended from outside.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fmt};

use serde::de::DeserializeOwned;

/// How long after its budget an engine may still finish an execution.
const GRACE: Duration = Duration::from_secs(5);

/// Why there is no measurement.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The process could not be run.
    Process(io::Error),
    /// The engine panicked; it has said why.
    Engine,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Process(error) => write!(f, "its process could not be run: {error}"),
            Failure::Engine => f.write_str("it failed; its own message is above"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Process(error)
    }
}

/// Runs this program with the words in another process, and reads the line of JSON that it prints. `None` if it was still
/// running some time after its budget.
pub(crate) fn run<T: DeserializeOwned>(words: &[&str], budget: Duration) -> Result<Option<T>, Failure> {
    let mut command = Command::new(env::current_exe()?);
    command.args(words);
    let line = output_within(command, budget + GRACE)?;
    line.map(|line| serde_json::from_str(&line).map_err(|_| Failure::Engine)).transpose()
}

/// What the command prints, which must fit into a pipe; `None` if it was still running at the end of `time`, when it
/// is killed.
fn output_within(mut command: Command, time: Duration) -> io::Result<Option<String>> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let deadline = Instant::now() + time;
    while child.try_wait()?.is_none() {
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(5));
    }
    let mut output = String::new();
    child.stdout.take().expect("it is piped").read_to_string(&mut output)?;
    Ok(Some(output))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_process_that_ends_is_heard() {
        let output = output_within(shell("echo done"), Duration::from_secs(60)).expect("there is a shell");
        assert_eq!(output.as_deref(), Some("done\n"));
    }

    #[test]
    fn a_process_that_hangs_is_ended() {
        let start = Instant::now();
        let output =
            output_within(shell("exec sleep 60"), Duration::from_millis(50)).expect("there is a shell");
        assert_eq!(output, None);
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}
