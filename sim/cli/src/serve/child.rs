//! A run in a process of its own, of this executable. Its lines are passed to the client as they
//! are. The process is ended if the client closes the connection, or at the run's limits.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use selvedge_sim::number::lasted;
use serde_json::json;

use super::answer::{self, Refusal};
use super::limits::{GRACE, RESULTS, RUN_MEMORY};
use crate::interrupt::Interrupt;

/// The interval of empty lines to the client: writing one fails if the client has gone.
const HEARTBEAT: Duration = Duration::from_millis(200);

/// The lines that wait for the client.
const WAITING: usize = 16;

/// The part of the process's messages that is kept, in bytes.
const MESSAGES: u64 = 2_000;

/// How the lines of a run ended.
enum Ended {
    /// The process has written all of its lines.
    Itself,
    /// The run reached this limit.
    Limit(String),
    /// The client has gone, or the server ends.
    Cancelled,
}

/// Runs the body of a request, and writes its lines to the client.
pub(super) fn run(
    body: &[u8],
    budget: Duration,
    interrupt: &Interrupt,
    to: &mut TcpStream,
) -> io::Result<()> {
    let mut child = match spawn(budget) {
        Ok(child) => child,
        Err(error) => return Refusal::new(503, format!("cannot start a run: {error}")).write(to),
    };
    let mut input = child.stdin.take().expect("stdin is piped");
    let output = child.stdout.take().expect("stdout is piped");
    let mut errors = child.stderr.take().expect("stderr is piped");
    let messages = thread::spawn(move || {
        let mut text = Vec::new();
        _ = errors.by_ref().take(MESSAGES).read_to_end(&mut text);
        _ = io::copy(&mut errors, &mut io::sink());
        String::from_utf8_lossy(&text).into_owned()
    });
    // A process that has ended already reads nothing: its exit status is the result.
    _ = input.write_all(body);
    drop(input);
    let (sender, lines) = sync_channel(WAITING);
    thread::spawn(move || {
        let mut output = BufReader::new(output.take(RESULTS));
        let mut line = Vec::new();
        while matches!(output.read_until(b'\n', &mut line), Ok(1..)) {
            // The receiver has gone if the run was cancelled.
            if sender.send(std::mem::take(&mut line)).is_err() {
                break;
            }
        }
    });
    let ended = answer::begin(to, 200, "application/x-ndjson", None)
        .and_then(|()| pass(&lines, to, Instant::now() + budget + GRACE, budget, interrupt));
    drop(lines);
    // The process may have ended itself.
    _ = child.kill();
    let status = child.wait()?;
    let why = match ended? {
        Ended::Cancelled => return Ok(()),
        Ended::Limit(limit) => limit,
        Ended::Itself if status.success() => return Ok(()),
        Ended::Itself => crashed(status, &messages.join().unwrap_or_default()),
    };
    writeln!(to, "{}", json!({ "stopped": why }))?;
    to.flush()
}

fn spawn(budget: Duration) -> io::Result<Child> {
    let mut command = Command::new(env::current_exe()?);
    command.args(["serve-run", "--budget", &format!("{}ms", budget.as_millis())]).env_clear();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

/// Passes the lines on until one of the ends.
fn pass(
    lines: &Receiver<Vec<u8>>,
    to: &mut TcpStream,
    deadline: Instant,
    budget: Duration,
    interrupt: &Interrupt,
) -> io::Result<Ended> {
    let mut written = 0;
    loop {
        let line = match lines.recv_timeout(HEARTBEAT) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => b"\n".to_vec(),
            Err(RecvTimeoutError::Disconnected) if written >= RESULTS => {
                return Ok(Ended::Limit(format!(
                    "the run reached its limit of {} MiB of results",
                    RESULTS >> 20
                )));
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(Ended::Itself),
        };
        written += line.len() as u64;
        if to.write_all(&line).and_then(|()| to.flush()).is_err() || interrupt.is_set() {
            return Ok(Ended::Cancelled);
        }
        if Instant::now() > deadline {
            return Ok(Ended::Limit(format!("the run reached its limit of {}", lasted(budget))));
        }
    }
}

/// Why the process has not written all of its results.
fn crashed(status: ExitStatus, messages: &str) -> String {
    if messages.contains("memory allocation of") || messages.contains("Cannot allocate memory") {
        return format!("the run reached its limit of {} MiB of memory", RUN_MEMORY >> 20);
    }
    let first = messages.lines().find(|line| !line.trim().is_empty()).unwrap_or("without a message");
    format!("the run ended early ({status}): {first}")
}
