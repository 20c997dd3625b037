//! Compares native mode, which explores ordinary compiled Rust, with our engine over its own types
//! and with the peers, on the same programs.
//!
//! The programs of native mode are the tests of `sim/native/fixtures/bench`, with the types of std
//! and DashMap: `selvedge test` builds and runs them. The other rows are the programs of `engine`
//! of the same names.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, io};

use serde::{Deserialize, Serialize};

use crate::compare::{Contender, Sample};
use crate::number::{grouped, short};
use crate::output::print_line;
use crate::supervisor;

/// How to measure and to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// Time limit of each search of the other engines.
    pub(crate) budget: Duration,
    /// The executions of the long run; 0 for none.
    pub(crate) long: u64,
    pub(crate) json: bool,
}

/// A program in native mode: a line of the tests.
#[derive(Debug, Deserialize)]
struct Measured {
    program: String,
    classes: u64,
    complete: bool,
    executions: u64,
    events: u64,
    nanoseconds: u64,
}

/// The long run: a line of the tests.
#[derive(Debug, Serialize, Deserialize)]
struct Long {
    executions: u64,
    milliseconds: u64,
    rss_kib_before: u64,
    rss_kib: u64,
}

/// An engine on a program.
#[derive(Debug, Serialize)]
struct Row {
    program: String,
    engine: &'static str,
    /// The executions of one search.
    executions: u64,
    complete: bool,
    microseconds_per_execution: f64,
    nanoseconds_per_event: Option<f64>,
    /// The time per execution relative to our engine's.
    ratio: Option<f64>,
}

/// Prints a row for each engine and program, and the long run.
///
/// # Errors
///
/// If cargo cannot be run, or a test fails.
pub(crate) fn run(settings: Settings) -> io::Result<()> {
    let output = selvedge_test(settings.long)?;
    let lines = |word: &str| -> Vec<String> {
        let rest = |line: &str| Some(line.split_once(word)?.1.to_owned());
        output.lines().filter_map(rest).collect()
    };
    if !settings.json {
        print_line(format!(
            "{:16}  {:14}  {:>10}  {:>12}  {:>10}  {:>8}",
            "program", "engine", "executions", "µs/execution", "ns/event", "ratio"
        ));
    }
    for line in lines("MEASURED ") {
        let measured: Measured = serde_json::from_str(&line)?;
        let ours = sample(Contender::Selvedge, &measured.program, settings.budget);
        let ours_per_execution = ours.as_ref().map(Sample::nanoseconds_per_execution);
        let mut rows = vec![Row {
            program: measured.program.clone(),
            engine: "native",
            executions: measured.classes,
            complete: measured.complete,
            microseconds_per_execution: measured.nanoseconds as f64 / measured.executions as f64 / 1e3,
            nanoseconds_per_event: Some(measured.nanoseconds as f64 / measured.events as f64),
            ratio: None,
        }];
        rows.extend(ours.map(|ours| row(&measured.program, Contender::Selvedge, &ours)));
        for peer in [Contender::Loom, Contender::Shuttle] {
            let is_common = measured.program.parse().is_ok_and(|program| peer.takes_part(program));
            let sample = is_common.then(|| sample(peer, &measured.program, settings.budget)).flatten();
            rows.extend(sample.map(|sample| row(&measured.program, peer, &sample)));
        }
        for mut row in rows {
            row.ratio = ours_per_execution.map(|ours| row.microseconds_per_execution * 1e3 / ours);
            show(&row, settings.json);
        }
    }
    for line in lines("LONG ") {
        let long: Long = serde_json::from_str(&line)?;
        if settings.json {
            print_line(serde_json::to_string(&long)?);
        } else {
            print_line(format!(
                "{} executions in {} s: resident memory {} KiB before, {} KiB after",
                grouped(long.executions),
                short(long.milliseconds as f64 / 1e3),
                grouped(long.rss_kib_before),
                grouped(long.rss_kib)
            ));
        }
    }
    Ok(())
}

/// Runs the tests with the command line interface of this workspace. Returns their output.
fn selvedge_test(long: u64) -> io::Result<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // The command only starts the tests: whichever build of it exists is as good.
    let profile: &[&str] = if cfg!(debug_assertions) { &[] } else { &["--release"] };
    command.args(["run", "--quiet", "-p", "selvedge-cli"]).args(profile).args([
        "--",
        "test",
        "--manifest-path",
    ]);
    command.arg(root.join("sim/native/fixtures/bench/Cargo.toml"));
    // One after the other: they are measured.
    command.args(["--no-capture", "--test-threads", "1"]).current_dir(root);
    if long > 0 {
        command.env("SELVEDGE_BENCH_LONG", long.to_string());
    }
    let output = command.stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() { Ok(text) } else { Err(io::Error::other(text)) }
}

/// Measures another engine. `None` if it hangs or fails.
fn sample(contender: Contender, program: &str, budget: Duration) -> Option<Sample> {
    let seconds = budget.as_secs().to_string();
    let words = ["measure-cell", contender.name(), program, "--budget", &seconds];
    match supervisor::run(&words, budget) {
        Ok(sample) => sample,
        Err(failure) => {
            eprintln!("{} on {program}: {failure}", contender.name());
            None
        }
    }
}

fn row(program: &str, contender: Contender, sample: &Sample) -> Row {
    Row {
        program: program.to_owned(),
        engine: contender.name(),
        executions: sample.executions,
        complete: sample.complete,
        microseconds_per_execution: sample.nanoseconds_per_execution() / 1e3,
        nanoseconds_per_event: sample.nanoseconds_per_event(),
        ratio: None,
    }
}

fn show(row: &Row, json: bool) {
    if json {
        return print_line(serde_json::to_string(row).expect("strings and numbers always serialize"));
    }
    let number = |number: Option<f64>| number.map_or_else(|| "-".to_owned(), short);
    let executions = format!("{}{}", grouped(row.executions), if row.complete { "" } else { "+" });
    print_line(format!(
        "{:16}  {:14}  {:>10}  {:>12}  {:>10}  {:>8}",
        row.program,
        row.engine,
        executions,
        short(row.microseconds_per_execution),
        number(row.nanoseconds_per_event),
        number(row.ratio)
    ));
}
