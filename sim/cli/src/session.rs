//! The cases that a command was asked for, explored one after the other.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::time::Duration;

use selvedge_sim::checkpoint::Checkpoints;
use selvedge_sim::explore::{Kept, Reached, explore_resumable, explore_while};
use selvedge_sim::number::counted;
use selvedge_sim::protocols::Caches;
use selvedge_sim::report::{Folder, Judged, Summary, case_line};
use selvedge_sim::scenario::{Case, Scenario, load_all};
use selvedge_sim::trace::Look;
use selvedge_sim::verdict::{Budget, CaseReport, Engine, Verdict};

use crate::allowance::Allowance;
use crate::args::{Format, Search, Selection};
use crate::error::Failure;
use crate::interrupt::{INTERRUPTED, Interrupt, Searching};
use crate::progress::Progress;
use crate::terminal::{Results, say};

/// [`explore_while`], among the caches that scenarios can name.
type Explore = fn(&Case, Engine, Budget, Watch<'_>) -> CaseReport;

/// [`explore_resumable`], among them.
type Resume = fn(&Case, Engine, Budget, &mut Kept<'_>, Watch<'_>) -> CaseReport;

/// Who is told how far a search has come, and can break it off.
type Watch<'w> = &'w mut (dyn FnMut(Reached) -> ControlFlow<()> + Send);

/// How often a search that is kept is written.
const KEPT_EVERY: Duration = Duration::from_secs(60);

/// The chosen cases, and how to explore them.
pub(crate) struct Session {
    /// The scenarios, each with the chosen ones of its cases; none without any.
    pub(crate) scenarios: Vec<Scenario>,
    explore: Explore,
    resume: Resume,
    checkpoints: Option<Checkpoints>,
    engine: Engine,
    budget: Budget,
    allowance: Allowance,
    format: Format,
    /// How traces are shown as text.
    pub(crate) look: Look,
    report: Option<Folder>,
    progress: Progress,
    interrupt: Interrupt,
    _searching: Searching,
    /// Whether some case was not explored to its end because of an interrupt.
    interrupted: bool,
    /// What the explored cases came to.
    pub(crate) summary: Summary,
}

impl Session {
    /// Loads the scenarios, whose caches are some of `C`, and chooses the cases.
    pub(crate) fn new<C: Caches>(
        selection: &Selection,
        look: Look,
        interrupt: &Interrupt,
    ) -> Result<Self, Failure> {
        let session = Session::of::<C>(&selection.search, selection.format, look, interrupt)?;
        let report = selection.report.as_deref().map(Folder::create).transpose()?;
        Ok(Session { report, ..session })
    }

    /// As [`new`](Self::new), without a report.
    pub(crate) fn of<C: Caches>(
        search: &Search,
        format: Format,
        look: Look,
        interrupt: &Interrupt,
    ) -> Result<Self, Failure> {
        let budget = search.budget().map_err(Failure::Arguments)?;
        let mut scenarios = load_all(&search.scenarios, &C::known())?;
        let first =
            scenarios.iter().flat_map(|scenario| &scenario.cases).next().map(|case| case.name.clone());
        for scenario in &mut scenarios {
            scenario.cases.retain(|case| search.cases.iter().all(|part| case.name.contains(part)));
        }
        scenarios.retain(|scenario| !scenario.cases.is_empty());
        let cases: usize = scenarios.iter().map(|scenario| scenario.cases.len()).sum();
        if let (0, Some(first)) = (cases, first) {
            let parts: Vec<_> = search.cases.iter().map(|part| format!("`{part}`")).collect();
            say(&format!(
                "no case has {} in its name; the first that there is is called `{first}`\n",
                parts.join(" and ")
            ));
        }
        Ok(Session {
            scenarios,
            explore: explore_while::<C>,
            resume: explore_resumable::<C>,
            checkpoints: search.checkpoint.as_deref().map(Checkpoints::open).transpose()?,
            engine: search.engine(),
            budget,
            allowance: Allowance::new(Budget::default()),
            format,
            look,
            report: None,
            progress: Progress::new(cases as u64),
            interrupt: interrupt.clone(),
            _searching: interrupt.searching(),
            interrupted: false,
            summary: Summary::default(),
        })
    }

    /// Lets all cases together cost no more than this.
    pub(crate) fn within(self, total: Budget) -> Self {
        Session { allowance: Allowance::new(total), ..self }
    }

    /// Who searches.
    pub(crate) fn engine(&self) -> Engine {
        self.engine
    }

    /// Explores a case, judges it and [adds](Self::add) it.
    pub(crate) fn explore<'s>(&mut self, case: &'s Case, out: &mut dyn Write) -> Result<Judged<'s>, Failure> {
        let judged = self.search(case)?;
        self.add(&judged, out)?;
        Ok(judged)
    }

    /// Explores a case and judges it. A case for which nothing is left is not explored, and bounded.
    pub(crate) fn search<'s>(&mut self, case: &'s Case) -> Result<Judged<'s>, Failure> {
        if let Some(why) = self.over() {
            return Ok(Judged::new(case, unexplored(case, self.engine, why)));
        }
        self.progress.begin(case);
        let budget = self.allowance.of(self.budget);
        let explored = match self.checkpoints.clone() {
            Some(checkpoints) => self.explore_further(&checkpoints, case, budget),
            None => Ok((self.explore)(case, self.engine, budget, &mut |reached| self.watch(reached))),
        };
        self.progress.end();
        let mut report = explored?;
        self.allowance.spend(report.schedules);
        if !report.complete && self.interrupt.is_set() {
            self.interrupted = true;
        } else if let (Verdict::Bounded(why), Some(bound)) = (&mut report.verdict, self.allowance.used_up()) {
            let (count, what) =
                report.states.map_or((report.schedules, "schedule"), |its| (its.states, "state"));
            *why = format!("stopped at {bound}, after {}", counted(count, what));
        }
        Ok(Judged::new(case, report))
    }

    /// Explores a case; goes on with what was kept of its search, and keeps what is left.
    fn explore_further(
        &mut self,
        checkpoints: &Checkpoints,
        case: &Case,
        budget: Budget,
    ) -> Result<CaseReport, Failure> {
        let unfinished = checkpoints.load(case)?;
        let mut failed = None;
        let mut kept = Kept {
            unfinished,
            every: KEPT_EVERY,
            keep: &mut |unfinished| failed = checkpoints.save(case, Some(unfinished)).err(),
        };
        let (resume, engine) = (self.resume, self.engine);
        let mut report = resume(case, engine, budget, &mut kept, &mut |reached| self.watch(reached));
        let unfinished = kept.unfinished;
        checkpoints.save(case, unfinished.as_ref())?;
        if let (Some(_), Verdict::Bounded(why)) = (unfinished, &mut report.verdict) {
            *why += &format!("; kept in {}, to be gone on with", checkpoints.folder().display());
        }
        failed.map_or(Ok(report), |failed| Err(failed.into()))
    }

    /// Tells how far a search has come, and breaks it off if there was an interrupt.
    fn watch(&mut self, reached: Reached) -> ControlFlow<()> {
        self.progress.reached(reached);
        if self.interrupt.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Counts a case; in JSON, its line is written. It is put into the report at once, if there is to be one.
    pub(crate) fn add(&mut self, judged: &Judged<'_>, out: &mut dyn Write) -> Result<(), Failure> {
        self.summary.add(judged);
        if let Some(folder) = &mut self.report {
            folder.add(judged)?;
        }
        if self.format == Format::Json {
            self.write(out, &format!("{}\n", case_line(&judged.report)))?;
        }
        Ok(())
    }

    /// Why no further case is explored, if none is.
    fn over(&mut self) -> Option<String> {
        if self.interrupt.is_set() {
            self.interrupted = true;
            return Some("the search was interrupted".to_owned());
        }
        self.allowance.used_up().map(|bound| format!("{bound} was used up"))
    }

    /// Whether the results are for people.
    pub(crate) fn is_text(&self) -> bool {
        self.format == Format::Text
    }

    /// Writes results, without the progress bar getting in between.
    pub(crate) fn write(&self, out: &mut dyn Write, text: &str) -> io::Result<()> {
        self.progress.aside(|| out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    /// Writes what is said beside the results: with them, where they are for people, and else on stderr.
    pub(crate) fn remark(&self, out: &mut dyn Write, text: &str) -> io::Result<()> {
        match self.format {
            Format::Text => self.write(out, text),
            Format::Json => {
                self.progress.aside(|| say(text));
                Ok(())
            }
        }
    }

    /// Writes what a runner of a CI interprets: with the results, where they are for people, and else on stderr.
    pub(crate) fn command(&self, out: &mut Results<'_>, text: &str) -> io::Result<()> {
        match self.format {
            Format::Text => self.progress.aside(|| out.command(text)),
            Format::Json => {
                self.progress.aside(|| _ = io::stderr().write_all(text.as_bytes()));
                Ok(())
            }
        }
    }

    /// Writes the gate's summary (for people, with the results; otherwise on stderr, if something is wrong) and gives
    /// the exit code.
    pub(crate) fn finish(&self, out: &mut dyn Write) -> Result<u8, Failure> {
        let code = self.end();
        if self.is_text() || code != 0 {
            self.remark(out, &self.summary.to_string())?;
        }
        Ok(code)
    }

    /// The exit code, without a summary. An interrupt is told by its own, unless a violation was found before it.
    pub(crate) fn end(&self) -> u8 {
        self.progress.clear();
        match self.summary.exit_code() {
            code @ (0 | 1) => code,
            _ if self.interrupted => INTERRUPTED,
            code => code,
        }
    }
}

/// The report of a case that nothing was left for.
fn unexplored(case: &Case, engine: Engine, why: String) -> CaseReport {
    CaseReport {
        scenario: case.scenario.clone(),
        case: case.name.clone(),
        cache: case.cache.clone(),
        engine,
        engine_reason: None,
        schedules: 0,
        events: 0,
        states: None,
        violations: Default::default(),
        violating: Some(0),
        verdict: Verdict::Bounded(why),
        complete: false,
        wall: Default::default(),
        trace: None,
    }
}
