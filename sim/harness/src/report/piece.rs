//! The results of one shard as a file, from which a report of all shards is made.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::diagnostic::Diagnostic;
use crate::oracle::Rule;
use crate::trace::{Unreadable, read};
use crate::verdict::{CaseReport, Engine, StateCount, Verdict};

const FORMAT: &str = "selvedge-shard";
const VERSION: u32 = 1;

/// The name of the file in the folder of a shard's report.
const FILE: &str = "shard.json";

/// The results of one shard of a command.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The version of the program.
    pub build: String,
    /// The arguments of the command, with the program's name.
    pub arguments: Vec<String>,
    /// Identifies the command's cases and its search: the same in all shards.
    pub fingerprint: String,
    /// The shard's number, from 1, and the number of shards.
    pub shard: (u32, u32),
    /// The results, each with the file of its trace.
    pub results: Vec<(CaseReport, Option<String>)>,
}

/// A shard's results cannot be written or read.
#[derive(Debug, Error)]
pub enum PieceError {
    /// The file cannot be written or read.
    #[error("cannot {what} {}: {error}", .path.display())]
    File {
        /// `read` or `write`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The error of the file system.
        error: io::Error,
    },
    /// The file is not the result of a shard.
    #[error("{} is not the result of a shard: {why}", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The reason.
        why: String,
    },
    /// A trace of the shard cannot be read.
    #[error(transparent)]
    Trace(Unreadable),
}

impl Diagnostic for PieceError {
    fn help(&self) -> Option<String> {
        let help = match self {
            PieceError::File { what: "write", .. } => "name a folder for `--report` that can be written",
            PieceError::File { .. } => {
                "name the folder that the shard's `--report` named, with all its files"
            }
            PieceError::Content { .. } => "run the shard again: its process may have died",
            PieceError::Trace(error) => return error.help(),
        };
        Some(help.to_owned())
    }
}

/// The file. A separate type: renaming an internal field does not change the format.
#[derive(Serialize, Deserialize)]
struct Document {
    format: String,
    version: u32,
    build: String,
    arguments: Vec<String>,
    fingerprint: String,
    shard: (u32, u32),
    results: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
struct Row {
    scenario: String,
    case: String,
    cache: String,
    engine: String,
    engine_reason: Option<String>,
    schedules: u64,
    events: u64,
    states: Option<StateRow>,
    violations: BTreeMap<String, u64>,
    violating: Option<u64>,
    verdict: String,
    /// The reason of a bounded search, the message of a panic, or the difference of two runs.
    why: String,
    complete: bool,
    wall_ns: u64,
    trace: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StateRow {
    states: u64,
    transitions: u64,
    runs: u64,
    bytes: u64,
    done: f64,
}

impl Piece {
    /// Writes the piece to the shard's folder.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), PieceError> {
        let document = Document {
            format: FORMAT.to_owned(),
            version: VERSION,
            build: self.build.clone(),
            arguments: self.arguments.clone(),
            fingerprint: self.fingerprint.clone(),
            shard: self.shard,
            results: self.results.iter().map(|(report, trace)| row(report, trace.clone())).collect(),
        };
        let text = serde_json::to_string(&document).expect("strings and numbers are always JSON");
        let path = folder.join(FILE);
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, text));
        written.map_err(|error| PieceError::File { what: "write", path, error })
    }

    /// Reads the piece, with its traces, from the shard's folder.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or is not the result of a shard.
    pub fn read(folder: &Path) -> Result<Self, PieceError> {
        let path = folder.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => return Err(PieceError::File { what: "read", path, error }),
        };
        let wrong = |why: String| PieceError::Content { path: path.clone(), why };
        let document: Document = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let Document { format, version, build, arguments, fingerprint, shard, results } = document;
        if (format.as_str(), version) != (FORMAT, VERSION) {
            return Err(wrong(format!("its format is `{format}`, version {version}")));
        }
        let mut reports = Vec::new();
        for its in results {
            let file = its.trace.clone();
            let mut report = report(its).ok_or_else(|| wrong("it has an unknown verdict".to_owned()))?;
            if let Some(file) = &file {
                report.trace = Some(read(&folder.join(file)).map_err(PieceError::Trace)?);
            }
            reports.push((report, file));
        }
        Ok(Piece { build, arguments, fingerprint, shard, results: reports })
    }
}

fn row(report: &CaseReport, trace: Option<String>) -> Row {
    let states = report.states.map(|its| StateRow {
        states: its.states,
        transitions: its.transitions,
        runs: its.runs,
        bytes: its.bytes,
        done: its.done,
    });
    let (verdict, why) = match &report.verdict {
        Verdict::Violated(rules) => {
            let rules: Vec<_> = rules.iter().map(|rule| rule.name()).collect();
            ("violated", rules.join(","))
        }
        Verdict::Bounded(why) | Verdict::Panic(why) | Verdict::Nondeterministic(why) => {
            (report.verdict.word(), why.clone())
        }
        other => (other.word(), String::new()),
    };
    Row {
        scenario: report.scenario.clone(),
        case: report.case.clone(),
        cache: report.cache.clone(),
        engine: report.engine.name().to_owned(),
        engine_reason: report.engine_reason.clone(),
        schedules: report.schedules,
        events: report.events,
        states,
        violations: report.violations.iter().map(|(rule, count)| (rule.name().to_owned(), *count)).collect(),
        violating: report.violating,
        verdict: verdict.to_owned(),
        why,
        complete: report.complete,
        wall_ns: report.wall.as_nanos().try_into().unwrap_or(u64::MAX),
        trace,
    }
}

/// The report without its trace. `None` if a name is unknown.
fn report(row: Row) -> Option<CaseReport> {
    let engines = [
        Engine::Auto,
        Engine::Optimal,
        Engine::Stateful,
        Engine::Naive,
        Engine::Rc11,
        Engine::Loom,
        Engine::Shuttle,
    ];
    let violations = row.violations.iter();
    let violations: Option<_> =
        violations.map(|(rule, &count)| Some((Rule::from_name(rule)?, count))).collect();
    let verdict = match row.verdict.as_str() {
        "violated" => Verdict::Violated(row.why.split(',').map(Rule::from_name).collect::<Option<_>>()?),
        "clean" => Verdict::Clean,
        "bounded" => Verdict::Bounded(row.why),
        "vacuous" => Verdict::Vacuous,
        "deadlock" => Verdict::Deadlock,
        "panic" => Verdict::Panic(row.why),
        "nondeterministic" => Verdict::Nondeterministic(row.why),
        _ => return None,
    };
    let states = row.states.map(|its| StateCount {
        states: its.states,
        transitions: its.transitions,
        runs: its.runs,
        bytes: its.bytes,
        done: its.done,
    });
    Some(CaseReport {
        scenario: row.scenario,
        case: row.case,
        cache: row.cache,
        engine: engines.into_iter().find(|engine| engine.name() == row.engine)?,
        engine_reason: row.engine_reason,
        schedules: row.schedules,
        events: row.events,
        states,
        violations: violations?,
        violating: row.violating,
        verdict,
        complete: row.complete,
        wall: Duration::from_nanos(row.wall_ns),
        trace: None,
    })
}
