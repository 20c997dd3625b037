//! Runs each measurement in a new process. Engines check their budget only between executions; the
//! supervisor kills an engine that hangs within an execution.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fmt};

use serde::de::DeserializeOwned;

/// Time that an engine has after its budget to complete an execution.
const GRACE: Duration = Duration::from_secs(5);

/// The reason why there is no measurement.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The process could not be run.
    Process(io::Error),
    /// The engine panicked and has printed its message.
    Engine,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Process(error) => write!(f, "cannot run the measuring process: {error}"),
            Failure::Engine => f.write_str("the engine failed; see its message above"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Process(error)
    }
}

/// Runs this program with the arguments in a new process, and parses the line of JSON that it
/// prints. `None` if the process exceeded its budget and was killed.
pub(crate) fn run<T: DeserializeOwned>(words: &[&str], budget: Duration) -> Result<Option<T>, Failure> {
    let mut command = Command::new(env::current_exe()?);
    command.args(words);
    let line = output_within(command, budget + GRACE)?;
    line.map(|line| serde_json::from_str(&line).map_err(|_| Failure::Engine)).transpose()
}

/// Returns the output of the command, which must fit into a pipe. Kills the process and returns
/// `None` after `time`.
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
    child.stdout.take().expect("stdout is piped").read_to_string(&mut output)?;
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
    fn the_output_of_a_process_is_returned() {
        let output = output_within(shell("echo done"), Duration::from_secs(60)).expect("sh is installed");
        assert_eq!(output.as_deref(), Some("done\n"));
    }

    #[test]
    fn a_process_that_hangs_is_killed() {
        let start = Instant::now();
        let output =
            output_within(shell("exec sleep 60"), Duration::from_millis(50)).expect("sh is installed");
        assert_eq!(output, None);
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}
