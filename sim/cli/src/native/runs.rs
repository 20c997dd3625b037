//! Runs tests, each in a process of its own.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::build::Binary;
use crate::args::TestOptions;
use crate::error::NativeError;

/// A test.
#[derive(Clone, Debug)]
pub(crate) struct Test {
    pub(crate) binary: Binary,
    pub(crate) name: String,
    pub(crate) is_ignored: bool,
}

/// An exploration that a test has made: a line of its process.
#[derive(Clone, Debug)]
pub(crate) struct Exploration {
    pub(crate) verdict: String,
    pub(crate) executions: u64,
    /// Effects that are not modelled.
    pub(crate) effects: Vec<String>,
}

/// The result of a test.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) test: Test,
    pub(crate) has_passed: bool,
    /// The signal that ended the process, if one did.
    pub(crate) signal: Option<i32>,
    pub(crate) elapsed: Duration,
    pub(crate) output: String,
    pub(crate) explorations: Vec<Exploration>,
}

/// The tests of a binary that the filters select.
pub(crate) fn list(binary: &Binary, options: &TestOptions) -> Result<Vec<Test>, NativeError> {
    let names = |more: &[&str]| -> Result<Vec<String>, NativeError> {
        let mut command = Command::new(&binary.path);
        command.args(["--list", "--format", "terse"]).args(more).current_dir(&binary.folder);
        let output = command.output().map_err(|error| NativeError::Binary(binary.path.clone(), error))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(text.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
    };
    let ignored = names(&["--ignored"])?;
    let is_selected =
        |name: &String| options.filters.is_empty() || options.filters.iter().any(|part| name.contains(part));
    let tests = names(&[])?.into_iter().filter(is_selected);
    Ok(tests.map(|name| Test { binary: binary.clone(), is_ignored: ignored.contains(&name), name }).collect())
}

/// Runs the tests, and passes each result to `visit`. Starts no further test after a failure if the
/// options say so.
pub(crate) fn run(tests: &[Test], options: &TestOptions, mut visit: impl FnMut(Ran)) {
    let threads = options.test_threads.or_else(|| thread::available_parallelism().ok().map(Into::into));
    let (next, stop) = (&AtomicUsize::new(0), &AtomicBool::new(false));
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads.unwrap_or(1).clamp(1, tests.len().max(1)) {
            let send = send.clone();
            scope.spawn(move || {
                while let Some(test) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let ran = run_one(test, options);
                    if !ran.has_passed && !options.no_fail_fast {
                        stop.store(true, Ordering::Relaxed);
                    }
                    if send.send(ran).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        receive.iter().for_each(&mut visit);
    });
}

fn run_one(test: &Test, options: &TestOptions) -> Ran {
    let start = Instant::now();
    let report = test.binary.path.with_extension(format!("{}.report", test.name.replace("::", ".")));
    _ = fs::remove_file(&report);
    let mut command = Command::new(&test.binary.path);
    command.args(["--exact", &test.name, "--nocapture", "--test-threads=1"]);
    command.current_dir(&test.binary.folder);
    command.env("SELVEDGE_TEST", "1").env("SELVEDGE_REPORT", &report);
    if let Some(schedule) = &options.schedule {
        command.env("SELVEDGE_SCHEDULE", schedule);
    }
    let output = command.output();
    let explorations = fs::read_to_string(&report).unwrap_or_default();
    _ = fs::remove_file(&report);
    let (has_passed, signal, output) = match output {
        Ok(Output { status, stdout, stderr }) => {
            let text = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            (status.success(), status.signal(), text.concat())
        }
        Err(error) => (false, None, format!("cannot run {}: {error}\n", test.binary.path.display())),
    };
    Ran {
        test: test.clone(),
        has_passed,
        signal,
        elapsed: start.elapsed(),
        output,
        explorations: explorations.lines().filter_map(exploration).collect(),
    }
}

/// Reads a line: the verdict, the number of executions, and the effects, separated by tabs.
fn exploration(line: &str) -> Option<Exploration> {
    let mut parts = line.split('\t');
    let (verdict, executions) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
    Some(Exploration { verdict, executions, effects: parts.map(str::to_owned).collect() })
}
