//! The result of an engine on a program, as text and as JSON.

use std::time::Duration;

use serde::Serialize;

use super::cell::Sample;
use crate::number::{grouped, short, span};

/// A sample, or the reason why there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outcome {
    Measured(Sample),
    /// An execution did not terminate, and the process was killed.
    Hung,
    /// The engine does not support the program.
    Unable,
}

impl Outcome {
    pub(super) fn sample(&self) -> Option<&Sample> {
        match self {
            Outcome::Measured(sample) => Some(sample),
            Outcome::Hung | Outcome::Unable => None,
        }
    }
}

/// The fields of the JSON form.
#[derive(Clone, Debug, Serialize)]
struct Json<'a> {
    program: &'a str,
    engine: &'a str,
    /// `None` if the engine does not support the program, or hung.
    executions: Option<u64>,
    complete: bool,
    us_per_execution: Option<f64>,
    /// Without the first execution, which includes the setup. `None` if there is only one, or if it
    /// is not timed separately.
    us_per_further_execution: Option<f64>,
    /// `None` for peers, which do not count events.
    ns_per_event: Option<f64>,
    peak_rss_kib: Option<u64>,
    /// Resident memory after 1 % of the executions; only for the long run.
    #[serde(skip_serializing_if = "Option::is_none")]
    rss_kib_at_1_percent: Option<u64>,
}

/// The row as JSON.
pub(super) fn json(
    program: &str,
    engine: &str,
    outcome: &Outcome,
    rss_kib_at_1_percent: Option<u64>,
) -> String {
    let sample = outcome.sample();
    let json = Json {
        program,
        engine,
        executions: sample.map(|sample| sample.executions),
        complete: sample.is_some_and(|sample| sample.complete),
        us_per_execution: sample.map(|sample| sample.nanoseconds_per_execution() / 1e3),
        us_per_further_execution: sample
            .and_then(|sample| Some(sample.nanoseconds_per_further_execution()? / 1e3)),
        ns_per_event: sample.and_then(Sample::nanoseconds_per_event),
        peak_rss_kib: sample.and_then(|sample| sample.peak_rss_kib),
        rss_kib_at_1_percent,
    };
    serde_json::to_string(&json).expect("strings and numbers always serialize")
}

/// The head of the table.
pub(super) fn head() -> String {
    let lines = [
        ["", "", "", "CPU", "µs an", "ns an", "peak", "× ours,", "× ours,"],
        ["program", "engine", "executions", "time", "execution", "event", "MiB", "execution", "search"],
    ];
    lines.map(columns).join("\n")
}

/// The row as text.
pub(super) fn text(program: &str, engine: &str, outcome: &Outcome, ours: Option<&Sample>) -> String {
    let Some(sample) = outcome.sample() else {
        let why = if *outcome == Outcome::Hung { "hung" } else { "cannot" };
        return columns([program, engine, why, "", "", "", "", "", ""]).trim_end().to_owned();
    };
    let more = if sample.complete { "" } else { "> " };
    let ratios = ours.map(|ours| Ratios::of(sample, ours));
    let number = |number: Option<f64>| number.map_or_else(|| "-".to_owned(), short);
    columns([
        program,
        engine,
        &format!("{more}{}", grouped(sample.executions)),
        &span(Duration::from_nanos(sample.nanoseconds)),
        &short(sample.nanoseconds_per_execution() / 1e3),
        &number(sample.nanoseconds_per_event()),
        &sample.peak_rss_kib.map_or_else(|| "-".to_owned(), |kib| format!("{:.1}", kib as f64 / 1024.0)),
        &number(ratios.map(|ratios| ratios.execution)),
        &number(ratios.and_then(|ratios| Some(ratios.whole?.search))),
    ])
}

fn columns([program, engine, executions, time, execution, event, memory, ratio, whole]: [&str; 9]) -> String {
    format!(
        "{program:<16} {engine:<14} {executions:>12} {time:>8} {execution:>9} {event:>6} {memory:>7} \
         {ratio:>9} {whole:>9}"
    )
}

/// The ratios of a peer's results to ours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ratios {
    /// Time per execution.
    pub(super) execution: f64,
    /// Time per execution without the setup.
    pub(super) further_execution: Option<f64>,
    /// The whole search, if both completed it.
    pub(super) whole: Option<Whole>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Whole {
    /// Number of executions.
    pub(super) executions: f64,
    /// Time of the search.
    pub(super) search: f64,
}

impl Ratios {
    pub(super) fn of(peer: &Sample, ours: &Sample) -> Self {
        let whole = Whole {
            executions: peer.executions as f64 / ours.executions as f64,
            search: peer.nanoseconds as f64 / ours.nanoseconds as f64,
        };
        Ratios {
            execution: peer.nanoseconds_per_execution() / ours.nanoseconds_per_execution(),
            further_execution: peer
                .nanoseconds_per_further_execution()
                .zip(ours.nanoseconds_per_further_execution())
                .map(|(peer, ours)| peer / ours),
            whole: (peer.complete && ours.complete).then_some(whole),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: Sample = Sample {
        executions: 5,
        complete: true,
        events: Some(25),
        nanoseconds: 10_000,
        nanoseconds_after_first: Some(4_000),
        peak_rss_kib: Some(3_072),
    };

    const PEER: Sample = Sample {
        executions: 1_781,
        complete: true,
        events: None,
        nanoseconds: 17_810_000,
        nanoseconds_after_first: Some(17_800_000),
        peak_rss_kib: Some(4_096),
    };

    #[test]
    fn json_has_the_documented_fields() {
        assert_eq!(
            json("cache-1R1W", "selvedge", &Outcome::Measured(OURS), None),
            concat!(
                r#"{"program":"cache-1R1W","engine":"selvedge","executions":5,"complete":true,"#,
                r#""us_per_execution":2.0,"us_per_further_execution":1.0,"#,
                r#""ns_per_event":400.0,"peak_rss_kib":3072}"#
            )
        );
        assert_eq!(
            json("cache-1R1W", "loom", &Outcome::Hung, None),
            concat!(
                r#"{"program":"cache-1R1W","engine":"loom","executions":null,"complete":false,"#,
                r#""us_per_execution":null,"us_per_further_execution":null,"#,
                r#""ns_per_event":null,"peak_rss_kib":null}"#
            )
        );
    }

    #[test]
    fn a_peer_is_shown_with_its_ratios() {
        let line = text("cache-1R1W", "shuttle", &Outcome::Measured(PEER), Some(&OURS));
        assert_eq!(
            line,
            "cache-1R1W       shuttle               1,781  17.8 ms      10.0      -     4.0      \
             5.00     1,781"
        );
    }

    #[test]
    fn an_incomplete_search_has_no_ratio_of_the_whole() {
        let cut = Sample { complete: false, ..PEER };
        let line = text("cache-1R1W", "shuttle", &Outcome::Measured(cut), Some(&OURS));
        assert_eq!(
            line,
            "cache-1R1W       shuttle             > 1,781  17.8 ms      10.0      -     4.0      \
             5.00         -"
        );
    }

    #[test]
    fn no_line_exceeds_100_columns() {
        let long = Sample {
            executions: 999_999_999,
            complete: false,
            events: Some(9_999_999_999),
            nanoseconds: 999_999_999_999,
            nanoseconds_after_first: None,
            peak_rss_kib: Some(99_999_999),
        };
        let line = text("cache-2R2W-cells", "shuttle-random", &Outcome::Measured(long), Some(&OURS));
        for line in head().lines().chain([line.as_str()]) {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}
