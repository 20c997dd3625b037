//! The command line: commands, arguments and options.

mod prove;
mod serve;
mod test;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use selvedge_sim::explore::Schedule;
use selvedge_sim::trace::Look;
use selvedge_sim::verdict::{Budget, Engine};

use crate::shard::Shard;
use crate::terminal::Form;
pub(crate) use prove::ProveOptions;
pub(crate) use serve::{ServeOptions, WorkOptions};
pub(crate) use test::TestOptions;

/// Explore every schedule of a cache, read the trace of a stale read, gate merges.
#[derive(Debug, Parser)]
#[command(name = "selvedge", version = env!("SELVEDGE_VERSION"), after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Colour the text; `auto` does so on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  every case has the result that its scenario expects
  1  a violation, a deadlock or a panic; a control that did not fail;
     a change from the baseline
  2  an error in the arguments, a scenario or another input file;
     a server that does not reply
  3  the budget ended a search that had to be complete
  4  a vacuous case (no read overlapped or followed a write), or no case ran
  130  interrupted before any violation was found";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Explore the cases; show a table of them, one trace, and the gate's summary
    #[command(after_help = "\
Examples:
  selvedge explore                            every shipped scenario
  selvedge explore my-cache.toml --budget 30s
  selvedge explore article-matrix --case local=cold --case readers=2")]
    Explore(Selection),
    /// Explore the cases; show only those that fail, each with its trace
    #[command(after_help = "\
Examples:
  selvedge gate                               every shipped scenario
  selvedge gate scenarios/                    every *.toml of a folder
  selvedge gate scenarios/ --format json > gate.jsonl
  selvedge gate scenarios/ --total-budget 10m --sarif gate.sarif
  selvedge gate scenarios/ --report report    an HTML page, and each trace
  selvedge gate scenarios/ --accept           record the results as the baseline")]
    Gate(GateOptions),
    /// Explore every client of a cache up to a bound; show the verdict in one line, or the smallest
    /// client that breaks a rule
    #[command(after_help = "\
Examples:
  selvedge prove --cache tiered --calls 4 --threads 3
  selvedge prove --cache ./orders.star --calls 4 --threads 3
  selvedge prove --cache tiered --calls 3 --threads 3 --keys 2
  selvedge prove --cache tiered --calls 3 --threads 2 --with delete,load,expiry
  selvedge prove --cache article --calls 2 --threads 2")]
    Prove(ProveOptions),
    /// Explore the cases; show each scenario as a grid with one axis across
    #[command(after_help = "\
Examples:
  selvedge matrix article-matrix
  selvedge matrix article-classes tiered-matrix --case local=warm")]
    Matrix(Selection),
    /// Combine the results of the shards of explore, gate, matrix or prove into one report
    #[command(after_help = "\
Examples:
  selvedge gate scenarios/ --shard 1/2 --report one
  selvedge gate scenarios/ --shard 2/2 --report two
  selvedge merge one two --report report --junit gate.xml")]
    Merge(MergeOptions),
    /// Show the simplest schedule that breaks a rule, with the reason; or show a recorded trace
    #[command(after_help = "\
Examples:
  selvedge trace                                   the article's stale read
  selvedge trace control-epoch
  selvedge trace article-matrix --case local=expiring --case work=backfill
  selvedge trace control-epoch --format html > epoch.html
  selvedge trace report/control-epoch.only.trace.json --format mermaid")]
    Trace(TraceOptions),
    /// Replay a recorded schedule and compare the result; with --redis, also on a real Redis
    #[command(after_help = "\
Examples:
  selvedge replay control-article.only.trace.json
  selvedge replay my-cache.only.trace.json scenarios/my-cache.toml
  selvedge replay control-article.only.trace.json --redis redis://127.0.0.1
  selvedge replay control-article.only.trace.json --cache tiered
  selvedge replay control-article --schedule s1:ab2c2ba")]
    Replay(ReplayOptions),
    /// Write a folder with a script, a scenario and a gate, to begin with
    #[command(after_help = "\
Examples:
  selvedge new orders                         cache-aside
  selvedge new orders --template lease
  selvedge explore orders")]
    New(NewOptions),
    /// Serve the simulated Redis to any client, until interrupted
    #[command(after_help = "\
Examples:
  selvedge redis                              on a free port, which it prints
  selvedge redis --port 6379
  selvedge redis --socket /tmp/redis.sock")]
    Redis(ListenOptions),
    /// Serve a page to paste a cache into, on this machine only, until interrupted
    #[command(after_help = "\
Examples:
  selvedge serve                              on a free port; prints the address to open
  selvedge serve --port 7878
  selvedge serve --listen [::1]:7878 --budget 5m

The page explores pasted scripts. It runs no other program and reads no file.")]
    Serve(ServeOptions),
    /// Execute one run of `selvedge serve`, which it reads from stdin
    #[command(hide = true)]
    ServeRun(WorkOptions),
    /// Build a package's tests with instrumented atomics, and explore the schedules of ordinary
    /// Rust
    #[command(after_help = "\
Examples:
  selvedge test                               all tests of the package
  selvedge test --test races get_with         tests of tests/races.rs whose name contains get_with
  selvedge test --list
  selvedge test get_with --schedule s1:a8b3   one schedule, copied from a report
  selvedge test --no-fail-fast --junit races.xml

A failing test prints the simplest trace of its failing schedule.")]
    Test(TestOptions),
    /// Write the manual pages to a folder; needs the feature `manual`
    #[command(hide = true)]
    Man {
        /// An existing folder
        folder: PathBuf,
    },
    /// Print the completions for a shell; needs the feature `manual`
    #[command(hide = true)]
    Completions {
        /// bash, elvish, fish, powershell or zsh
        #[cfg(feature = "manual")]
        shell: clap_complete::Shell,
        /// bash, elvish, fish, powershell or zsh
        #[cfg(not(feature = "manual"))]
        shell: String,
    },
    /// List the scenarios with their numbers of cases
    #[command(after_help = "\
Examples:
  selvedge list                                    the shipped scenarios
  selvedge list scenarios/")]
    List {
        /// Scenario files, folders of them, or names of shipped scenarios; by default all shipped
        /// ones
        #[arg(value_name = "SCENARIO")]
        scenarios: Vec<String>,
    },
}

impl Command {
    /// The form of the command's results. `columns` is the width of the terminal, if stdout is one.
    /// Only prose is wrapped.
    pub(crate) fn form(&self, look: Look, columns: Option<usize>) -> Form {
        let colours = look.has_colours();
        let prose = Form::Text { colours, columns };
        let of_format = |format| match format {
            Format::Text => prose,
            Format::Json => Form::Json,
        };
        let of_trace = |format| match format {
            Projection::Text => prose,
            Projection::Json | Projection::Perfetto => Form::Json,
            Projection::Mermaid | Projection::Shiviz => Form::Text { colours, columns: None },
            Projection::Html => Form::Page,
        };
        match self {
            Command::Explore(selection) | Command::Matrix(selection) => of_format(selection.format),
            Command::Gate(options) => of_format(options.selection.format),
            Command::Prove(options) => of_format(options.format),
            Command::Merge(options) => of_format(options.format),
            Command::Trace(shown) => of_trace(shown.format),
            Command::Replay(options) => of_trace(options.format),
            Command::List { .. } => prose,
            Command::Test(_) => Form::Text { colours, columns: None },
            Command::New(_) | Command::Serve(_) => prose,
            Command::ServeRun(_) => Form::Json,
            Command::Redis(_) => Form::Text { colours, columns: None },
            // A shell and `man` read every character.
            Command::Man { .. } | Command::Completions { .. } => Form::Page,
        }
    }
}

/// Which cases to explore, and how to report them.
#[derive(Clone, Debug, Args)]
pub(crate) struct Selection {
    #[command(flatten)]
    pub(crate) search: Search,

    /// Text, or one JSON object per line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Directory for the report: an HTML page of all cases, and a file for each trace
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,

    /// Explore only the cases of shard K of N, and store their results in the report's directory
    /// for `selvedge merge`
    #[arg(long, value_name = "K/N", requires = "report")]
    pub(crate) shard: Option<Shard>,

    /// Share each search by states with other processes that run this command, over this Redis or
    /// Valkey: redis://HOST:PORT or unix:///SOCKET
    #[arg(long, value_name = "URL", conflicts_with_all = ["shard", "checkpoint"])]
    pub(crate) fleet: Option<String>,
}

/// Which shards to merge, and how to report them.
#[derive(Debug, Args)]
pub(crate) struct MergeOptions {
    /// The report's directory of each shard
    #[arg(value_name = "DIR", required = true)]
    pub(crate) folders: Vec<PathBuf>,

    /// Text, or JSON, as the merged command prints it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Directory for the report of all shards
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,

    /// File for the cases of a gate as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// File for the failed cases of a gate as SARIF 2.1.0
    #[arg(long, value_name = "FILE")]
    pub(crate) sarif: Option<PathBuf>,

    /// Write annotations and the job summary for GitHub Actions; enabled automatically there
    #[arg(long)]
    pub(crate) github: bool,
}

/// Which trace to show, and in which form. A recorded trace, FILE.json, replaces the scenarios.
#[derive(Debug, Args)]
pub(crate) struct TraceOptions {
    #[command(flatten)]
    pub(crate) search: Search,

    /// Form of the trace
    #[arg(long, value_enum, default_value_t = Projection::Text)]
    pub(crate) format: Projection,
}

/// Which schedule to replay, and where.
#[derive(Debug, Args)]
pub(crate) struct ReplayOptions {
    /// A recorded trace, FILE.json, with its scenario's file or folder unless shipped; or a
    /// scenario, with --schedule
    #[arg(value_name = "TRACE|SCENARIO", required = true)]
    pub(crate) inputs: Vec<String>,

    /// Only the cases whose name contains this; if repeated, a name must contain all of them
    #[arg(long = "case", value_name = "SUBSTRING")]
    pub(crate) cases: Vec<String>,

    /// Schedule, copied from a trace or a report: s1:…
    #[arg(long)]
    pub(crate) schedule: Option<Schedule>,

    /// Run the trace's calls and commands in the recorded order on this cache
    #[arg(long, value_name = "CACHE", conflicts_with = "schedule")]
    pub(crate) cache: Option<String>,

    /// Also send the commands to this Redis, redis://HOST:PORT or unix:///SOCKET; its keys have a
    /// prefix, and are deleted at the end
    #[arg(long, value_name = "URL")]
    pub(crate) redis: Option<String>,

    /// Form of the replayed trace
    #[arg(long, value_enum, default_value_t = Projection::Text)]
    pub(crate) format: Projection,
}

/// Which folder to write, and from which template.
#[derive(Debug, Args)]
pub(crate) struct NewOptions {
    /// The folder; its last part names the scenario
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,

    /// The cache to begin with
    #[arg(long, value_enum, default_value_t = Template::CacheAside)]
    pub(crate) template: Template,
}

/// A cache to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Template {
    /// Write Redis, then drop the local entry: stale
    CacheAside,
    /// Write Redis, then the local entry: stale
    WriteThrough,
    /// Drop, write, wait, drop again: stale
    DoubleDelete,
    /// A generation per key refuses late fills: clean
    Versioned,
    /// Redis in front of a database, with leases: clean
    Lease,
    /// Concurrent loads of a key are one: clean
    SingleFlight,
    /// Two nodes that publish their writes: clean
    TwoNodes,
}

/// Where the simulated Redis listens.
#[derive(Debug, Args)]
pub(crate) struct ListenOptions {
    /// Local port; 0 chooses a free one
    #[arg(long, value_name = "PORT", default_value_t = 0, conflicts_with = "socket")]
    pub(crate) port: u16,

    /// Unix socket to use instead of a port
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
}

/// A form of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Projection {
    /// One column per task, then the reason
    Text,
    /// The recorded trace: docs/trace-format.md
    Json,
    /// A sequence diagram for Markdown
    Mermaid,
    /// Chrome's trace events, for ui.perfetto.dev
    Perfetto,
    /// A log for ShiViz
    Shiviz,
    /// An interactive page
    Html,
}

/// Which cases to explore, and how.
#[derive(Clone, Debug, Args)]
pub(crate) struct Search {
    /// Scenario files, folders of them, or names of shipped scenarios; by default all shipped ones
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenarios: Vec<String>,

    /// Only the cases whose name contains this; if repeated, a name must contain all of them
    #[arg(long = "case", value_name = "SUBSTRING")]
    pub(crate) cases: Vec<String>,

    /// Search engine to use
    #[arg(long, value_enum, default_value_t = EngineName::Auto)]
    engine: EngineName,

    /// Time limit for the search of one case: 500ms, 30s, 5m, 1h
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    budget: Duration,

    /// Limit of schedules for the search of one case
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_schedules: Option<u64>,

    /// Limit of stored states for the stateful search of one case; each takes about 35 bytes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_states: Option<u64>,

    /// Directory for checkpoints: unfinished stateful searches are saved every minute and at the
    /// end, and resumed
    #[arg(long, value_name = "DIR")]
    pub(crate) checkpoint: Option<PathBuf>,

    /// Number of workers for a search by states, or by classes without --max-schedules; does not
    /// affect the results [default: one per core]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

/// Options of the gate beyond those of a search.
#[derive(Debug, Args)]
pub(crate) struct GateOptions {
    #[command(flatten)]
    pub(crate) selection: Selection,

    /// Time limit for all searches together; a case that it leaves unexplored counts as bounded
    #[arg(long, value_name = "TIME", value_parser = duration)]
    total_budget: Option<Duration>,

    /// Limit of schedules for all searches together
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    total_schedules: Option<u64>,

    /// File for the cases as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// File for the failed cases as SARIF 2.1.0, with a code flow each
    #[arg(long, value_name = "FILE")]
    pub(crate) sarif: Option<PathBuf>,

    /// Write annotations and the job summary for GitHub Actions; enabled automatically there
    #[arg(long)]
    pub(crate) github: bool,

    /// Record the counts and the witness of each passing case as its baseline
    #[arg(long)]
    pub(crate) accept: bool,

    /// Directory of the baselines [default: `baseline` beside each scenario's file]
    #[arg(long, value_name = "DIR")]
    pub(crate) baseline: Option<PathBuf>,
}

impl GateOptions {
    /// The budget of all cases together.
    pub(crate) fn total(&self) -> Budget {
        Budget { schedules: self.total_schedules, time: self.total_budget, ..Budget::default() }
    }
}

impl Search {
    /// The search engine.
    pub(crate) fn engine(&self) -> Engine {
        match self.engine {
            EngineName::Auto => Engine::Auto,
            EngineName::Optimal => Engine::Optimal,
            EngineName::Stateful => Engine::Stateful,
            EngineName::Naive => Engine::Naive,
            EngineName::Rc11 => Engine::Rc11,
            EngineName::Loom => Engine::Loom,
            EngineName::Shuttle => Engine::Shuttle,
        }
    }

    /// The error that the engine's search cannot be shared over a server.
    pub(crate) fn no_fleet(&self) -> clap::Error {
        let message = format!(
            "--fleet shares a search by states, and --engine {} is not one: remove one of them. For a search by \
             classes, --jobs uses all cores, and --shard divides the cases among machines\n",
            self.engine()
        );
        Arguments::command().error(ErrorKind::ArgumentConflict, message)
    }

    /// The budget of one case.
    ///
    /// # Errors
    ///
    /// If an option of the stateful search is given with an engine without states.
    pub(crate) fn budget(&self) -> Result<Budget, clap::Error> {
        let engine = self.engine();
        let of_states =
            [(self.max_states.is_some(), "--max-states"), (self.checkpoint.is_some(), "--checkpoint")];
        let has_states = matches!(engine, Engine::Auto | Engine::Stateful);
        if let Some((_, option)) = of_states.iter().find(|(is_given, _)| *is_given && !has_states) {
            let message = format!(
                "{option} requires a stateful search, and --engine {engine} is not one: remove one of them\n"
            );
            return Err(Arguments::command().error(ErrorKind::ArgumentConflict, message));
        }
        Ok(Budget {
            schedules: self.max_schedules,
            states: self.max_states,
            time: Some(self.budget),
            jobs: self.jobs.or_else(|| thread::available_parallelism().ok()),
        })
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum EngineName {
    /// `optimal`, then `stateful` if a case has more than 100,000 schedules; both assume sequential
    /// consistency
    Auto,
    /// Each class of schedules exactly once, under sequential consistency
    Optimal,
    /// Each state exactly once, for large cases
    Stateful,
    /// Every interleaving, to check the other engines
    Naive,
    /// Each execution graph exactly once, under the memory model RC11: the orderings that ship
    Rc11,
    /// loom: C11 weak memory, for small cases
    Loom,
    /// shuttle's depth-first search
    Shuttle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables and prose
    Text,
    /// One object per line
    Json,
}

/// When to colour text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// Colours on a terminal only
    Auto,
    /// Colours also in a file
    Always,
    /// No colours
    Never,
}

fn duration(text: &str) -> Result<Duration, String> {
    let expected = || "expected a whole number and a unit, such as 500ms, 30s, 5m or 1h".to_owned();
    let digits = text.len() - text.trim_start_matches(|it: char| it.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| expected())?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(expected()),
    };
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_accepts_the_definition() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn durations_have_a_unit() {
        for (text, millis) in [("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("1h", 3_600_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in
            ["", "30", "s", "1.5s", "-1s", "30 s", "5d", "99999999999999999999s", "9999999999999999999h"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
