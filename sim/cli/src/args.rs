//! The command line's words.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use selvedge_sim::explore::Schedule;
use selvedge_sim::trace::Look;
use selvedge_sim::verdict::{Budget, Engine};

use crate::simulated_redis::Place;
use crate::terminal::Form;

/// Explore every schedule of a cache, read the trace of a stale read, gate merges on zero of them.
#[derive(Debug, Parser)]
#[command(name = "selvedge", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Whether text has colours; `auto`: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  every case came out as its scenario expects
  1  a violation, a deadlock or a panic; a control that did not fail;
     a change from the baseline
  2  a mistake in the arguments, a scenario or a file beside it;
     a server that does not answer
  3  the budget ended a search that had to be complete
  4  a vacuous case (no read met a write), or nothing ran
  130  interrupted, and no violation was found until then";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Explore the cases; show a table of all, a trace, and the gate's summary
    #[command(after_help = "\
Examples:
  selvedge explore                            every shipped scenario
  selvedge explore my-cache.toml --budget 30s
  selvedge explore article-matrix --case local=cold --case readers=2")]
    Explore(Selection),
    /// Explore the cases; say only what did not come out as expected, with its trace
    #[command(after_help = "\
Examples:
  selvedge gate                               every shipped scenario
  selvedge gate scenarios/                    every *.toml of a folder
  selvedge gate scenarios/ --format json > gate.jsonl
  selvedge gate scenarios/ --total-budget 10m --sarif gate.sarif
  selvedge gate scenarios/ --report report    a page of all, and each trace
  selvedge gate scenarios/ --accept           record what is now as the baseline")]
    Gate(GateOptions),
    /// Explore the cases; show each scenario as a grid, one axis across
    #[command(after_help = "\
Examples:
  selvedge matrix article-matrix
  selvedge matrix article-classes tiered-matrix --case local=warm")]
    Matrix(Selection),
    /// Explore the cases until one breaks a rule; show the simplest schedule that does, and why. Or show a recorded trace
    #[command(after_help = "\
Examples:
  selvedge trace                                   the article's stale read
  selvedge trace control-epoch
  selvedge trace article-matrix --case local=expiring --case work=backfill
  selvedge trace control-epoch --format html > epoch.html
  selvedge trace report/control-epoch.only.trace.json --format mermaid")]
    Trace(Shown),
    /// Run a recorded schedule again, and say whether it still comes to the same; on a real Redis, if one is given
    #[command(after_help = "\
Examples:
  selvedge replay control-article.only.trace.json
  selvedge replay my-cache.only.trace.json scenarios/my-cache.toml
  selvedge replay control-article.only.trace.json --redis redis://127.0.0.1
  selvedge replay control-article.only.trace.json --cache tiered
  selvedge replay control-article --schedule s1:ab2c2ba")]
    Replay(Replayed),
    /// Serve the simulated Redis, for any client, until it is ended
    #[command(after_help = "\
Examples:
  selvedge redis                              on a free port, which it tells
  selvedge redis --port 6379
  selvedge redis --socket /tmp/redis.sock")]
    Redis(Place),
    /// List the scenarios and how many cases each has
    #[command(after_help = "\
Examples:
  selvedge list                                    the shipped scenarios
  selvedge list scenarios/")]
    List {
        /// Scenario files, folders of them, or shipped scenarios' names; none means all that ship
        #[arg(value_name = "SCENARIO")]
        scenarios: Vec<String>,
    },
}

impl Command {
    /// The form of its results, for a terminal of so many columns if it is one. Prose alone is broken into lines.
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
            Command::Trace(shown) => of_trace(shown.format),
            Command::Replay(words) => of_trace(words.format),
            Command::List { .. } => prose,
            Command::Redis(_) => Form::Text { colours, columns: None },
        }
    }
}

/// Which cases are explored, and what is told of them.
#[derive(Debug, Args)]
pub(crate) struct Selection {
    #[command(flatten)]
    pub(crate) search: Search,

    /// Text for people, or one JSON object a line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Write each case there as it comes: a page of all of them, and each trace as a file
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,
}

/// A trace, and how it is shown. A recorded one stands for the scenarios: FILE.json.
#[derive(Debug, Args)]
pub(crate) struct Shown {
    #[command(flatten)]
    pub(crate) search: Search,

    /// How the trace is shown
    #[arg(long, value_enum, default_value_t = Projection::Text)]
    pub(crate) format: Projection,
}

/// A schedule that is run again, and where.
#[derive(Debug, Args)]
pub(crate) struct Replayed {
    /// A recorded trace, FILE.json, and the file or folder of its scenario, unless that ships; or a scenario, with --schedule
    #[arg(value_name = "TRACE|SCENARIO", required = true)]
    pub(crate) words: Vec<String>,

    /// Only the cases whose name contains this; given several times, all of them
    #[arg(long = "case", value_name = "SUBSTRING")]
    pub(crate) cases: Vec<String>,

    /// The schedule, as a trace or a report has it: s1:…
    #[arg(long)]
    pub(crate) schedule: Option<Schedule>,

    /// Run the trace's calls and commands, in their order, on this cache
    #[arg(long, value_name = "CACHE", conflicts_with = "schedule")]
    pub(crate) cache: Option<String>,

    /// Send the commands to this Redis too, under keys of their own, which are deleted at the end: redis://HOST:PORT,
    /// unix:///SOCKET
    #[arg(long, value_name = "URL")]
    pub(crate) redis: Option<String>,

    /// How the run is shown
    #[arg(long, value_enum, default_value_t = Projection::Text)]
    pub(crate) format: Projection,
}

/// A form of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Projection {
    /// Lanes, and the reason in words
    Text,
    /// The recorded trace itself: docs/trace-format.md
    Json,
    /// A sequence diagram for Markdown
    Mermaid,
    /// For ui.perfetto.dev: Chrome's trace events
    Perfetto,
    /// A log for ShiViz
    Shiviz,
    /// A page to step through
    Html,
}

/// Which cases are explored, and how.
#[derive(Debug, Args)]
pub(crate) struct Search {
    /// Scenario files, folders of them, or shipped scenarios' names; none means all that ship
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenarios: Vec<String>,

    /// Only the cases whose name contains this; given several times, all of them
    #[arg(long = "case", value_name = "SUBSTRING")]
    pub(crate) cases: Vec<String>,

    /// Who searches
    #[arg(long, value_enum, default_value_t = EngineName::Auto)]
    engine: EngineName,

    /// How long the search of one case may take: 500ms, 30s, 5m, 1h
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    budget: Duration,

    /// How many schedules the search of one case may run
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_schedules: Option<u64>,

    /// How many states the search of one case may keep, if it is searched by states: each takes about 35 bytes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_states: Option<u64>,

    /// Keep searches by states that are not finished there, once a minute and when they end, and go on with those that are there
    #[arg(long, value_name = "DIR")]
    pub(crate) checkpoint: Option<PathBuf>,

    /// How many workers search a case by states; what they find does not depend on it [default: one for each core]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

/// What the gate is to do beyond exploring.
#[derive(Debug, Args)]
pub(crate) struct GateOptions {
    #[command(flatten)]
    pub(crate) selection: Selection,

    /// How long all searches together may take; a case for which nothing is left counts as bounded
    #[arg(long, value_name = "TIME", value_parser = duration)]
    total_budget: Option<Duration>,

    /// How many schedules all searches together may run
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    total_schedules: Option<u64>,

    /// Write the cases as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// Write what failed as SARIF 2.1.0, a code flow each
    #[arg(long, value_name = "FILE")]
    pub(crate) sarif: Option<PathBuf>,

    /// Annotate for GitHub Actions, and write the job's summary; on by itself inside of it
    #[arg(long)]
    pub(crate) github: bool,

    /// Record the counts and the witness of each case as its baseline; of none that fails
    #[arg(long)]
    pub(crate) accept: bool,

    /// Where the baselines are [default: the folder `baseline` beside each scenario's file]
    #[arg(long, value_name = "DIR")]
    pub(crate) baseline: Option<PathBuf>,
}

impl GateOptions {
    /// What all cases may cost together.
    pub(crate) fn total(&self) -> Budget {
        Budget { schedules: self.total_schedules, time: self.total_budget, ..Budget::default() }
    }
}

impl Search {
    /// Who searches.
    pub(crate) fn engine(&self) -> Engine {
        match self.engine {
            EngineName::Auto => Engine::Auto,
            EngineName::Optimal => Engine::Optimal,
            EngineName::Stateful => Engine::Stateful,
            EngineName::Naive => Engine::Naive,
            EngineName::Loom => Engine::Loom,
            EngineName::Shuttle => Engine::Shuttle,
        }
    }

    /// What a case may cost.
    ///
    /// # Errors
    ///
    /// If states are bounded or kept, and the engine has none.
    pub(crate) fn budget(&self) -> Result<Budget, clap::Error> {
        let engine = self.engine();
        let of_states = [
            (self.max_states.is_some(), "--max-states bounds"),
            (self.checkpoint.is_some(), "--checkpoint keeps"),
        ];
        let has_states = matches!(engine, Engine::Auto | Engine::Stateful);
        if let Some((_, does)) = of_states.iter().find(|(is_given, _)| *is_given && !has_states) {
            let what =
                format!("{does} a search by states, and --engine {engine} has none: leave one of them out\n");
            return Err(Arguments::command().error(ErrorKind::ArgumentConflict, what));
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
    /// `optimal`, and `stateful` for a case of more than 100,000 schedules
    Auto,
    /// Each class of schedules exactly once, under sequential consistency
    Optimal,
    /// Each state exactly once: for whole neighbourhoods of threads
    Stateful,
    /// Every interleaving, to check the others by
    Naive,
    /// loom: weak memory, for small cases
    Loom,
    /// shuttle's depth-first search
    Shuttle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables and prose
    Text,
    /// One object a line
    Json,
}

/// When text has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal
    Auto,
    /// Also in a file
    Always,
    /// Not even on a terminal
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
    fn the_definition_is_sound() {
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
