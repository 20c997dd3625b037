//! Compares the search by states with the search by classes and with the peers, on cases with
//! several threads, with the same time limit.

use std::num::NonZeroUsize;
use std::time::Duration;

use selvedge_sim::explore::Exploration;
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::{Case, load_all};
use selvedge_sim::verdict::{Budget, CaseReport, Engine, Verdict};
use serde::Serialize;

use crate::number::{grouped, median, short, span};
use crate::output::print_line;

/// The shipped scenarios whose first cases are explored.
const SIZES: [&str; 4] =
    ["tiered-two-writers", "tiered-3-readers", "tiered-4-readers", "tiered-expiring-fault"];

/// The engines, with their numbers of workers.
const SEARCHES: [(Engine, usize); 5] = [
    (Engine::Stateful, 1),
    (Engine::Stateful, 2),
    (Engine::Optimal, 1),
    (Engine::Loom, 1),
    (Engine::Shuttle, 1),
];

/// How to measure and to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// Time limit of each search.
    pub(crate) budget: Duration,
    /// Number of measurements of a search that completes in time, of which the median counts.
    pub(crate) runs: usize,
    pub(crate) json: bool,
}

/// The result of a search.
#[derive(Debug, Serialize)]
struct Row {
    case: &'static str,
    engine: &'static str,
    jobs: usize,
    complete: bool,
    seconds: f64,
    /// Number of runs, including aborted runs.
    runs: u64,
    states: Option<u64>,
    transitions: Option<u64>,
    bytes_per_state: Option<u64>,
    /// The reason why the engine ran nothing, if so.
    not_begun: Option<String>,
}

/// Prints a row for each case and engine.
pub(crate) fn run(settings: Settings) {
    if !settings.json {
        print_line(format!(
            "{:21}  {:8}  {:>4}  {:>9}  {:>11}  {:>11}  {:>9}  {:>9}  {:>7}",
            "case", "engine", "jobs", "states", "transitions", "runs", "time", "states/s", "bytes"
        ));
    }
    for name in SIZES {
        let scenarios = load_all(&[name], &Protocol::known()).expect("a shipped scenario");
        let case = &scenarios[0].cases[0];
        let mut alone = None;
        for (engine, jobs) in SEARCHES {
            let row = measure(name, case, (engine, jobs), settings);
            let ratio = alone.filter(|_| jobs > 1 && row.complete).map(|alone: f64| alone / row.seconds);
            if engine == Engine::Stateful && jobs == 1 && row.complete {
                alone = Some(row.seconds);
            }
            match settings.json {
                true => {
                    print_line(serde_json::to_string(&row).expect("strings and numbers always serialize"))
                }
                false => print_line(line(&row, ratio)),
            }
        }
    }
}

fn measure(name: &'static str, case: &Case, (engine, jobs): (Engine, usize), settings: Settings) -> Row {
    let budget = Budget { time: Some(settings.budget), jobs: NonZeroUsize::new(jobs), ..Budget::default() };
    let search = || Exploration::of(case).engine(engine).budget(budget).run();
    let report = search();
    let mut times = vec![report.wall.as_secs_f64()];
    // A search that exceeds its budget takes equally long each time.
    if report.complete {
        times.extend((1..settings.runs).map(|_| search().wall.as_secs_f64()));
    }
    row(name, jobs, &report, median(times).unwrap_or_default())
}

fn row(case: &'static str, jobs: usize, report: &CaseReport, seconds: f64) -> Row {
    let states = report.states.as_ref();
    Row {
        case,
        engine: report.engine.name(),
        jobs,
        complete: report.complete,
        seconds,
        runs: states.map_or(report.schedules, |its| its.runs),
        states: states.map(|its| its.states),
        transitions: states.map(|its| its.transitions),
        bytes_per_state: states.map(|its| its.bytes / its.states.max(1)),
        not_begun: (report.schedules == 0 && states.is_none()).then(|| match &report.verdict {
            Verdict::Bounded(why) | Verdict::Panic(why) => why.clone(),
            other => other.word().to_owned(),
        }),
    }
}

fn line(row: &Row, ratio: Option<f64>) -> String {
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), grouped);
    let rate =
        row.states.map_or_else(|| "-".to_owned(), |states| grouped((states as f64 / row.seconds) as u64));
    let time = span(Duration::from_secs_f64(row.seconds));
    let time = if row.complete { time } else { format!("> {time}") };
    if let Some(why) = &row.not_begun {
        return format!("{:21}  {:8}  {:>4}  {why}", row.case, row.engine, row.jobs);
    }
    let line = format!(
        "{:21}  {:8}  {:>4}  {:>9}  {:>11}  {:>11}  {:>9}  {:>9}  {:>7}",
        row.case,
        row.engine,
        row.jobs,
        number(row.states),
        number(row.transitions),
        grouped(row.runs),
        time,
        rate,
        number(row.bytes_per_state)
    );
    ratio.map_or(line.clone(), |ratio| format!("{line}  {}× one worker", short(ratio)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_exists_and_an_incomplete_search_is_marked() {
        for name in SIZES {
            let scenarios = load_all(&[name], &Protocol::known()).expect("a shipped scenario");
            let settings = Settings { budget: Duration::from_millis(1), runs: 1, json: false };
            let row = measure(name, &scenarios[0].cases[0], (Engine::Optimal, 1), settings);
            assert!(!row.complete && line(&row, None).contains("> "), "{row:?}");
        }
    }
}
