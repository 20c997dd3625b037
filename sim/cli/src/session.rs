//! Explores the selected cases of a command, one after another.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use selvedge_sim::checkpoint::Checkpoints;
use selvedge_sim::explore::{Exploration, Fleet, Kept, Reached};
use selvedge_sim::number::counted;
use selvedge_sim::protocols::Caches;
use selvedge_sim::report::{Folder, Judged, Piece, Summary, case_line};
use selvedge_sim::scenario::{Case, Mistake, Mistakes, Scenario, SourceLine, load_all};
use selvedge_sim::trace::Look;
use selvedge_sim::verdict::{Budget, CaseReport, Engine, Verdict};

use crate::allowance::Allowance;
use crate::args::{Format, Search, Selection};
use crate::error::Failure;
use crate::fleet;
use crate::interrupt::{INTERRUPTED, Interrupt, Searching};
use crate::progress::Progress;
use crate::shard::{Shard, estimated_cost, fingerprint};
use crate::terminal::{Results, say};

/// Runs an exploration of a case for the caches that scenarios can name.
type Explore = fn(Exploration<'_, '_>) -> CaseReport;

/// The interval between checkpoints.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(60);

/// The selected cases, and how to explore them.
pub(crate) struct Session {
    /// The scenarios with their selected cases; each has at least one.
    pub(crate) scenarios: Vec<Scenario>,
    explore: Explore,
    checkpoints: Option<Checkpoints>,
    fleet: Option<Fleet>,
    engine: Engine,
    budget: Budget,
    allowance: Allowance,
    format: Format,
    /// The look of traces as text.
    pub(crate) look: Look,
    report: Option<Folder>,
    progress: Progress,
    interrupt: Interrupt,
    _searching: Searching,
    /// Whether an interrupt cut the search of a case short.
    interrupted: bool,
    /// The results of the explored cases.
    pub(crate) summary: Summary,
    /// Identifies all cases, also those of other shards, and the search.
    fingerprint: String,
    /// The results so far, if the session is a shard, and the folder for them.
    piece: Option<(Piece, PathBuf)>,
    /// The results of all shards, by scenario and case, which replace the searches.
    merged: Option<BTreeMap<(String, String), CaseReport>>,
}

impl Session {
    /// Loads the scenarios, which name caches of `C`, and selects the cases.
    pub(crate) fn new<C: Caches>(
        selection: &Selection,
        look: Look,
        interrupt: &Interrupt,
    ) -> Result<Self, Failure> {
        let session = Session::of::<C>(&selection.search, selection.format, look, interrupt)?;
        let fleet = match &selection.fleet {
            Some(_) if !matches!(session.engine, Engine::Auto | Engine::Stateful) => {
                return Err(Failure::Arguments(selection.search.no_fleet()));
            }
            Some(url) => Some(fleet::connect(url)?),
            None => None,
        };
        let report = selection.report.as_deref().map(Folder::create).transpose()?;
        Ok(Session { report, fleet, ..session })
    }

    /// Limits the session to the cases of a shard. Their results are also written to `folder`, for
    /// `selvedge merge`. `cost` is the recorded cost of a case, if any.
    pub(crate) fn shard(
        mut self,
        shard: Shard,
        folder: PathBuf,
        arguments: &[String],
        cost: impl Fn(&Scenario, &Case) -> Option<u64>,
    ) -> Self {
        let costs = self.scenarios.iter().flat_map(|scenario| {
            scenario.cases.iter().map(|case| cost(scenario, case).unwrap_or_else(|| estimated_cost(case)))
        });
        let own = shard.own(&costs.collect::<Vec<_>>());
        let mut at = 0;
        for scenario in &mut self.scenarios {
            scenario.cases.retain(|_| {
                at += 1;
                own.contains(&(at - 1))
            });
        }
        self.scenarios.retain(|scenario| !scenario.cases.is_empty());
        self.progress = Progress::new(own.len() as u64);
        let piece = Piece {
            build: env!("SELVEDGE_VERSION").to_owned(),
            arguments: arguments.to_vec(),
            fingerprint: self.fingerprint.clone(),
            shard: (shard.number, shard.of),
            results: Vec::new(),
        };
        Session { piece: Some((piece, folder)), ..self }
    }

    /// Takes the results of the cases from those of all shards instead of exploring them.
    pub(crate) fn merged(self, results: BTreeMap<(String, String), CaseReport>) -> Self {
        Session { merged: Some(results), ..self }
    }

    /// Identifies all cases and the search.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Same as [`new`](Self::new), without a report.
    pub(crate) fn of<C: Caches>(
        search: &Search,
        format: Format,
        look: Look,
        interrupt: &Interrupt,
    ) -> Result<Self, Failure> {
        let (engine, budget) = (search.engine(), search.budget().map_err(Failure::Arguments)?);
        if let Some(feature) = engine.missing_feature() {
            return Err(Failure::NotBuiltIn(format!("--engine {engine}"), feature));
        }
        let mut scenarios = load_all(&search.scenarios, &C::known())?;
        let script =
            scenarios.iter().flat_map(|scenario| &scenario.cases).find_map(|case| case.script.as_ref());
        if let (Some(script), Engine::Loom | Engine::Shuttle) = (script, engine) {
            let what = format!("{} is a script, which {engine} cannot run", script.name());
            let help = "scripts run on our engines: auto, optimal, stateful, naive or rc11";
            return Err(Mistakes::from(Mistake::without_place(what, Some(help.to_owned()))).into());
        }
        let first =
            scenarios.iter().flat_map(|scenario| &scenario.cases).next().map(|case| case.name.clone());
        for scenario in &mut scenarios {
            scenario.cases.retain(|case| search.cases.iter().all(|part| case.name.contains(part)));
        }
        scenarios.retain(|scenario| !scenario.cases.is_empty());
        let cases: usize = scenarios.iter().map(|scenario| scenario.cases.len()).sum();
        if let (0, Some(first)) = (cases, first) {
            let parts: Vec<_> = search.cases.iter().map(|part| format!("`{part}`")).collect();
            say(&format!("no case has {} in its name; the first case is `{first}`\n", parts.join(" and ")));
        }
        let described = scenarios.iter().flat_map(|scenario| &scenario.cases).map(|case| {
            // The file may have another path where the results are merged.
            let case = Case { expected_at: SourceLine { file: String::new(), line: 0 }, ..case.clone() };
            format!("{case:?}")
        });
        let fingerprint = fingerprint(
            described.chain([format!("{engine} {budget:?}", budget = Budget { jobs: None, ..budget })]),
        );
        Ok(Session {
            fingerprint,
            piece: None,
            merged: None,
            scenarios,
            explore: |request| request.among::<C>().run(),
            checkpoints: search.checkpoint.as_deref().map(Checkpoints::open).transpose()?,
            fleet: None,
            engine,
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

    /// Sets the budget of all cases together.
    pub(crate) fn within(self, total: Budget) -> Self {
        Session { allowance: Allowance::new(total), ..self }
    }

    /// The search engine.
    pub(crate) fn engine(&self) -> Engine {
        self.engine
    }

    /// Explores a case, judges it and [adds](Self::add) it.
    pub(crate) fn explore<'s>(&mut self, case: &'s Case, out: &mut dyn Write) -> Result<Judged<'s>, Failure> {
        let judged = self.search(case)?;
        self.add(&judged, out)?;
        Ok(judged)
    }

    /// Explores a case and judges it. If the total budget is used up, reports the case as bounded
    /// without exploring it.
    pub(crate) fn search<'s>(&mut self, case: &'s Case) -> Result<Judged<'s>, Failure> {
        if let Some(merged) = &mut self.merged {
            let report = merged.remove(&(case.scenario.clone(), case.name.clone()));
            return Ok(Judged::new(case, report.expect("the pieces have every case")));
        }
        if let Some(why) = self.stopped() {
            return Ok(Judged::new(case, unexplored(case, self.engine, why)));
        }
        self.progress.begin(case);
        let budget = self.allowance.of(self.budget);
        let explored = match self.checkpoints.clone() {
            Some(checkpoints) => self.explore_resuming(&checkpoints, case, budget),
            None => {
                let explore = self.explore;
                let fleet = self.fleet.take();
                let request = Exploration::of(case).engine(self.engine).budget(budget);
                let request = fleet.iter().fold(request, |request, fleet| request.fleet(fleet));
                let report = explore(request.watch(&mut |reached| self.watch(reached)));
                self.fleet = fleet;
                match self.fleet.as_ref().and_then(Fleet::take_error) {
                    Some(error) => Err(error.into()),
                    None => Ok(report),
                }
            }
        };
        self.progress.end();
        let mut report = explored?;
        if let Some(error) = case.script.as_ref().and_then(|script| script.mistake()) {
            // The verdict is not about the cache.
            return Err(Mistakes::from(Mistake::from(error)).into());
        }
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

    /// Explores a case, resuming from its checkpoint if there is one. Saves a checkpoint if the
    /// search does not complete.
    fn explore_resuming(
        &mut self,
        checkpoints: &Checkpoints,
        case: &Case,
        budget: Budget,
    ) -> Result<CaseReport, Failure> {
        let unfinished = checkpoints.load(case)?;
        let mut failed = None;
        let mut kept = Kept {
            unfinished,
            every: CHECKPOINT_INTERVAL,
            keep: &mut |unfinished| failed = checkpoints.save(case, Some(unfinished)).err(),
        };
        let explore = self.explore;
        let request = Exploration::of(case).engine(self.engine).budget(budget).checkpoints(&mut kept);
        let mut report = explore(request.watch(&mut |reached| self.watch(reached)));
        let unfinished = kept.unfinished;
        checkpoints.save(case, unfinished.as_ref())?;
        if let (Some(_), Verdict::Bounded(why)) = (unfinished, &mut report.verdict) {
            *why += &format!("; saved in {}, to be resumed", checkpoints.folder().display());
        }
        failed.map_or(Ok(report), |failed| Err(failed.into()))
    }

    /// Shows the progress of a search, and stops it after an interrupt.
    fn watch(&mut self, reached: Reached) -> ControlFlow<()> {
        self.progress.reached(reached);
        if self.interrupt.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Counts a case and adds it to the report, if any. In JSON, also writes its line.
    pub(crate) fn add(&mut self, judged: &Judged<'_>, out: &mut dyn Write) -> Result<(), Failure> {
        self.summary.add(judged);
        let trace = match &mut self.report {
            Some(folder) => folder.add(judged)?,
            None => None,
        };
        if let Some((piece, _)) = &mut self.piece {
            piece.results.push((CaseReport { trace: None, ..judged.report.clone() }, trace));
        }
        if self.format == Format::Json {
            self.write(out, &format!("{}\n", case_line(&judged.report)))?;
        }
        Ok(())
    }

    /// The reason to explore no further case, if any.
    fn stopped(&mut self) -> Option<String> {
        if self.interrupt.is_set() {
            self.interrupted = true;
            return Some("the search was interrupted".to_owned());
        }
        self.allowance.used_up().map(|bound| format!("{bound} was used up"))
    }

    /// Whether the results are text.
    pub(crate) fn is_text(&self) -> bool {
        self.format == Format::Text
    }

    /// Writes results with the progress bar hidden.
    pub(crate) fn write(&self, out: &mut dyn Write, text: &str) -> io::Result<()> {
        self.progress.aside(|| out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    /// Writes a remark: to the results if they are text, otherwise to stderr.
    pub(crate) fn remark(&self, out: &mut dyn Write, text: &str) -> io::Result<()> {
        match self.format {
            Format::Text => self.write(out, text),
            Format::Json => {
                self.progress.aside(|| say(text));
                Ok(())
            }
        }
    }

    /// Writes a command for a CI runner: to the results if they are text, otherwise to stderr.
    pub(crate) fn command(&self, out: &mut Results<'_>, text: &str) -> io::Result<()> {
        match self.format {
            Format::Text => self.progress.aside(|| out.command(text)),
            Format::Json => {
                self.progress.aside(|| _ = io::stderr().write_all(text.as_bytes()));
                Ok(())
            }
        }
    }

    /// Writes the gate's summary, as a [remark](Self::remark), and returns the exit code. In JSON,
    /// a passing gate has no summary.
    pub(crate) fn finish(&self, out: &mut dyn Write) -> Result<u8, Failure> {
        let code = self.end();
        if let Some((piece, folder)) = &self.piece {
            piece.write(folder)?;
        }
        if self.is_text() || code != 0 {
            self.remark(out, &self.summary.to_string())?;
        }
        Ok(code)
    }

    /// The exit code, without a summary. An interrupt has its own, unless a violation was found
    /// before.
    pub(crate) fn end(&self) -> u8 {
        self.progress.clear();
        match self.summary.exit_code() {
            // With more shards than cases, some have none.
            _ if self.piece.is_some() && self.summary.counts() == (0, 0) && !self.interrupted => 0,
            code @ (0 | 1) => code,
            _ if self.interrupted => INTERRUPTED,
            code => code,
        }
    }
}

/// The report of a case that was not explored.
pub(crate) fn unexplored(case: &Case, engine: Engine, why: String) -> CaseReport {
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
