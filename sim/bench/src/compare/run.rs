//! The whole comparison. Each measurement runs in a new process; each row is printed when it is
//! complete.

use std::time::Duration;

use super::bare_switch;
use super::cell::Sample;
use super::contender::Contender;
use super::long_run::{self, LongRun};
use super::program::{PROGRAMS, Program};
use super::row::{self, Outcome};
use super::summary::Summary;
use crate::number::grouped;
use crate::output::print_line;
use crate::supervisor::{self, Failure};

/// How to measure and to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// Time limit per engine and program.
    pub(crate) budget: Duration,
    /// Number of measurements of a short search.
    pub(crate) runs: usize,
    pub(crate) json: bool,
}

/// Prints the comparison. Returns false if a measurement failed; the remaining measurements still
/// run.
pub(crate) fn run(settings: Settings) -> bool {
    let mut comparison = Comparison::new(settings);
    if !settings.json {
        print_line(row::head());
    }
    comparison.bare_switch();
    for program in PROGRAMS {
        comparison.program(*program);
    }
    let long_run = comparison.long_run();
    if !settings.json {
        print_line("\nTimes are CPU times. The time of a search includes the setup of the engine.");
        print_line("\"> n\": not complete after n executions.");
        print_line(format_args!("\"cannot\": loom has no more than {} threads.", loom::MAX_THREADS));
        if let Some(long_run) = long_run {
            print_line(long_run);
        }
        print_line(comparison.summary.text());
    }
    comparison.succeeded
}

pub(super) struct Comparison {
    settings: Settings,
    summary: Summary,
    pub(super) succeeded: bool,
}

impl Comparison {
    pub(super) fn new(settings: Settings) -> Self {
        Comparison { settings, summary: Summary::default(), succeeded: true }
    }

    fn bare_switch(&mut self) {
        let words = ["measure-bare-switch"];
        let measured = self.repeated(|| supervisor::run(&words, self.settings.budget));
        let Some(outcome) = self.checked(bare_switch::PROGRAM, bare_switch::ENGINE, measured) else { return };
        if let Some(nanoseconds) = outcome.sample().and_then(Sample::nanoseconds_per_event) {
            self.summary.bare_switch(nanoseconds);
        }
        self.show(bare_switch::PROGRAM, bare_switch::ENGINE, &outcome, None, None);
    }

    fn program(&mut self, program: Program) {
        let ours = self.cell(program, Contender::Selvedge, None);
        if let (Program::Cache { .. }, Some(ours)) = (program, &ours) {
            self.summary.cache(ours);
        }
        for peer in Contender::PEERS {
            if peer.takes_part(program) {
                let its = self.cell(program, peer, ours.as_ref());
                if let (Some(its), Some(ours)) = (its, &ours) {
                    self.summary.peer(peer, &its, ours);
                }
            }
        }
    }

    /// Measures and shows an engine on a program.
    pub(super) fn cell(
        &mut self,
        program: Program,
        contender: Contender,
        ours: Option<&Sample>,
    ) -> Option<Sample> {
        let name = program.to_string();
        let outcome = if contender.can_run(program) {
            let seconds = self.settings.budget.as_secs().to_string();
            let words = ["measure-cell", contender.name(), &name, "--budget", &seconds];
            let measured = self.repeated(|| supervisor::run(&words, self.settings.budget));
            self.checked(&name, contender.name(), measured)?
        } else {
            Outcome::Unable
        };
        self.show(&name, contender.name(), &outcome, ours, None);
        outcome.sample().copied()
    }

    fn long_run(&mut self) -> Option<String> {
        let measured = supervisor::run::<LongRun>(&["measure-long-run"], long_run::LIMIT);
        let long_run = measured.as_ref().ok().copied().flatten();
        let engine = Contender::Selvedge.name();
        let measured = measured.map(|run| run.map_or(Outcome::Hung, |run| Outcome::Measured(run.sample)));
        let outcome = self.checked(long_run::PROGRAM, engine, measured)?;
        let rss_at_1_percent = long_run.and_then(|run| run.rss_kib_at_1_percent);
        self.show(long_run::PROGRAM, engine, &outcome, None, rss_at_1_percent);
        let LongRun { sample, rss_kib_at_1_percent, rss_kib_at_the_end } = long_run?;
        Some(format!(
            "{} executions of {}: {} KiB resident after 1 %, {} KiB at the end.",
            grouped(sample.executions),
            long_run::SOURCE,
            grouped(rss_kib_at_1_percent?),
            grouped(rss_kib_at_the_end?),
        ))
    }

    /// The sample with the median time of several measurements; the first one if it took long.
    fn repeated(&self, measure: impl Fn() -> Result<Option<Sample>, Failure>) -> Result<Outcome, Failure> {
        let mut samples = Vec::new();
        for _ in 0..self.settings.runs {
            match measure()? {
                None => return Ok(Outcome::Hung),
                Some(sample) => samples.push(sample),
            }
            if Duration::from_nanos(samples[0].nanoseconds) > self.settings.budget / 5 {
                break;
            }
        }
        Ok(Sample::middle(samples).map_or(Outcome::Hung, Outcome::Measured))
    }

    /// Returns the outcome, or prints the failure.
    fn checked(
        &mut self,
        program: &str,
        engine: &str,
        measured: Result<Outcome, Failure>,
    ) -> Option<Outcome> {
        measured
            .inspect_err(|failure| {
                eprintln!("{engine} on {program}: {failure}");
                self.succeeded = false;
            })
            .ok()
    }

    fn show(
        &self,
        program: &str,
        engine: &str,
        outcome: &Outcome,
        ours: Option<&Sample>,
        rss_kib_at_1_percent: Option<u64>,
    ) {
        if self.settings.json {
            print_line(row::json(program, engine, outcome, rss_kib_at_1_percent));
        } else {
            print_line(row::text(program, engine, outcome, ours));
        }
    }
}
