//! The cases that a command was asked for, explored one after the other.

use std::io::{self, Write};

use selvedge_sim::explore::explore_among;
use selvedge_sim::protocols::Caches;
use selvedge_sim::report::{Judged, Summary, case_line};
use selvedge_sim::scenario::{Case, Scenario, load_all};
use selvedge_sim::verdict::{Budget, CaseReport, Engine};

use crate::args::{Format, Selection};
use crate::error::Failure;
use crate::progress::Progress;

/// The chosen cases, and how to explore them.
pub(crate) struct Session {
    /// The scenarios, each with the chosen ones of its cases; none without any.
    pub(crate) scenarios: Vec<Scenario>,
    /// [`explore_among`] the caches that scenarios can name.
    explore: fn(&Case, Engine, Budget, &mut dyn FnMut(u64)) -> CaseReport,
    engine: Engine,
    budget: Budget,
    format: Format,
    progress: Progress,
    /// What the explored cases came to.
    pub(crate) summary: Summary,
}

impl Session {
    /// Loads the scenarios, whose caches are some of `C`, and chooses the cases.
    pub(crate) fn new<C: Caches>(selection: &Selection) -> Result<Self, Failure> {
        let mut scenarios = load_all(&selection.scenarios, &C::names())?;
        for scenario in &mut scenarios {
            scenario.cases.retain(|case| selection.cases.iter().all(|part| case.name.contains(part)));
        }
        scenarios.retain(|scenario| !scenario.cases.is_empty());
        let cases: usize = scenarios.iter().map(|scenario| scenario.cases.len()).sum();
        Ok(Session {
            scenarios,
            explore: explore_among::<C>,
            engine: selection.engine(),
            budget: selection.budget(),
            format: selection.format,
            progress: Progress::new(cases as u64),
            summary: Summary::default(),
        })
    }

    /// Explores a case and judges it; in JSON, its line is written.
    pub(crate) fn explore<'s>(&mut self, case: &'s Case, out: &mut dyn Write) -> io::Result<Judged<'s>> {
        self.progress.begin(case);
        let mut progress = |schedules| self.progress.reached(schedules);
        let report = (self.explore)(case, self.engine, self.budget, &mut progress);
        self.progress.end();
        let judged = Judged::new(case, report);
        self.summary.add(&judged);
        if self.format == Format::Json {
            self.write(out, &format!("{}\n", case_line(&judged.report)))?;
        }
        Ok(judged)
    }

    /// Whether the results are for people.
    pub(crate) fn is_text(&self) -> bool {
        self.format == Format::Text
    }

    /// Writes results, without the progress bar getting in between.
    pub(crate) fn write(&self, out: &mut dyn Write, text: &str) -> io::Result<()> {
        self.progress.aside(|| out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    /// Writes the gate's summary (for people, with the results; otherwise on stderr, if something is wrong) and gives
    /// the exit code.
    pub(crate) fn finish(self, out: &mut dyn Write) -> Result<u8, Failure> {
        let code = self.end();
        if self.is_text() {
            write!(out, "{}", self.summary)?;
        } else if code != 0 {
            eprint!("{}", self.summary);
        }
        Ok(code)
    }

    /// The exit code, without a summary.
    pub(crate) fn end(&self) -> u8 {
        self.progress.clear();
        self.summary.exit_code()
    }
}
