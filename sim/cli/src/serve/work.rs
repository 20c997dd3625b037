//! `selvedge serve-run`: one run, in a process of its own. Reads the request from stdin, and writes
//! lines of JSON.

use std::io::{self, Read, Write};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use selvedge_sim::explore::{Exploration, Reached};
use selvedge_sim::number::counted;
use selvedge_sim::protocols::Caches;
use selvedge_sim::report::{Judged, case_data};
use selvedge_sim::scenario::{Case, Mistake, Scenario, Scripts, parse_with};
use selvedge_sim::verdict::{Budget, CaseReport, Engine};
use serde_json::{Value, json};

use super::confine::confine;
use super::limits::{BODY, CASES, STATES};
use super::mistakes::{mistake, plain_mistake};
use super::pasted::{Action, Pasted};
use super::smallest::smallest;
use crate::allowance::Allowance;
use crate::args::WorkOptions;
use crate::error::Failure;
use crate::session::unexplored;

/// The name of the pasted scenario in messages.
pub(super) const SCENARIO: &str = "scenario.toml";

/// The lines that wait to be written.
const WAITING: usize = 16;

/// The interval between two lines about the progress.
const INTERVAL: Duration = Duration::from_millis(150);

/// The lines of a run, on their way to the server. A send fails if the server has gone.
pub(super) struct Lines {
    sender: SyncSender<String>,
    /// When the progress was sent last.
    last: Mutex<Instant>,
}

impl Lines {
    /// Sends a line. Returns whether to continue.
    pub(super) fn put(&self, line: String) -> ControlFlow<()> {
        self.sender.send(line).map_or(ControlFlow::Break(()), ControlFlow::Continue)
    }

    /// Sends errors in the pasted texts.
    pub(super) fn mistakes(&self, mistakes: Vec<Value>) {
        _ = self.put(json!({ "mistakes": mistakes }).to_string());
    }

    /// Sends the progress, unless it was sent a moment ago. Returns whether to continue.
    pub(super) fn progress(&self, progress: impl FnOnce() -> Value) -> ControlFlow<()> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() < INTERVAL {
            return ControlFlow::Continue(());
        }
        *last = Instant::now();
        self.put(json!({ "progress": progress() }).to_string())
    }
}

/// Executes the run on stdin. Its searches have a thread of their own, because `out` stays on this
/// one.
pub(crate) fn work<C: Caches>(options: &WorkOptions, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut body = String::new();
    io::stdin().lock().take(BODY as u64 + 1).read_to_string(&mut body)?;
    confine(options.budget)
        .map_err(|error| Failure::Serve(format!("the process of a run cannot be limited: {error}")))?;
    let (sender, written) = sync_channel(WAITING);
    thread::scope(|scope| {
        let lines = Lines { sender, last: Mutex::new(Instant::now()) };
        scope.spawn(move || execute::<C>(&body, options.budget, &lines));
        for line in written {
            writeln!(out, "{line}")?;
            out.flush()?;
        }
        Ok(0)
    })
}

fn execute<C: Caches>(body: &str, budget: Duration, lines: &Lines) {
    let pasted = match Pasted::read(body) {
        Ok(pasted) => pasted,
        Err(what) => return lines.mistakes(vec![plain_mistake(&what, None)]),
    };
    match &pasted.action {
        Action::Explore => explore::<C>(&pasted, budget, lines),
        Action::Smallest { script, calls, threads } => {
            smallest::<C>(&pasted, script, (*calls, *threads), budget, lines);
        }
    }
}

/// The pasted scenario. Sends its mistakes, if any.
pub(super) fn parsed<C: Caches>(pasted: &Pasted, lines: &Lines) -> Option<Scenario> {
    let scripts = Scripts::Given(Arc::new(pasted.scripts.clone()));
    let mistakes = match parse_with(SCENARIO, &pasted.scenario, &C::known(), scripts) {
        Ok(scenario) if scenario.cases.len() <= CASES => return Some(scenario),
        Ok(scenario) => {
            let what =
                format!("the scenario has {} cases; the limit of a run is {CASES}", scenario.cases.len());
            vec![plain_mistake(&what, Some("remove values of axes"))]
        }
        Err(mistakes) => mistakes.0.iter().map(|its| mistake(its)).collect(),
    };
    lines.mistakes(mistakes);
    None
}

/// Explores each case of the scenario.
fn explore<C: Caches>(pasted: &Pasted, budget: Duration, lines: &Lines) {
    let Some(scenario) = parsed::<C>(pasted, lines) else { return };
    let names: Vec<_> =
        scenario.cases.iter().map(|case| json!([case.scenario, case.name, case.cache])).collect();
    let all = names.len();
    _ = lines.put(json!({ "cases": names }).to_string());
    let total = Budget { time: Some(budget), ..Budget::default() };
    let mut allowance = Allowance::new(total);
    for (done, case) in scenario.cases.iter().enumerate() {
        let report = match allowance.used_up() {
            Some(bound) => unexplored(case, Engine::Auto, format!("{bound} was used up")),
            None => search::<C>(case, &allowance, |reached| {
                lines.progress(
                    || json!({ "done": done, "of": all, "case": case.name, "searched": searched(reached) }),
                )
            }),
        };
        if let Some(error) = case.script.as_ref().and_then(|script| script.mistake()) {
            // The verdict is not about the cache.
            return lines.mistakes(vec![mistake(&Mistake::from(error))]);
        }
        allowance.spend(report.schedules);
        let line = format!("{{\"case\":{}}}", case_data(&Judged::new(case, report)));
        if lines.put(line).is_break() {
            return;
        }
    }
}

fn search<C: Caches>(
    case: &Case,
    allowance: &Allowance,
    mut watch: impl FnMut(Reached) -> ControlFlow<()> + Send,
) -> CaseReport {
    let budget = allowance.of(Budget {
        states: Some(STATES),
        // The memory of a run is that of one worker.
        jobs: Some(NonZeroUsize::MIN),
        ..Budget::default()
    });
    Exploration::of(case).among::<C>().budget(budget).watch(&mut watch).run()
}

/// The progress of a search in words.
pub(super) fn searched(reached: Reached) -> String {
    match reached {
        Reached::Schedules(count) => counted(count, "schedule"),
        Reached::States { count, done } => {
            format!("{}, about {:.0} %", counted(count, "state"), done * 100.0)
        }
    }
}
