//! The engine's searches: the only file that uses its explorers.

use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::time::Duration;

use selvedge_engine::mode::{Any, ManyRuns, SearchMode};
use selvedge_engine::{Ending, Explorer, Report, Verdict};

use crate::program;

/// The settings of a search.
#[derive(Debug)]
pub(crate) struct Settings {
    /// As in the request.
    pub(crate) strategy: u32,
    pub(crate) seed: u64,
    pub(crate) depth: usize,
    pub(crate) max_executions: Option<u64>,
    pub(crate) max_milliseconds: Option<u64>,
    pub(crate) max_steps: Option<usize>,
    pub(crate) schedule: String,
    /// Whether the search ends with the first failure.
    pub(crate) stops: bool,
}

/// The result of a search.
pub(crate) struct Found {
    pub(crate) report: Report,
    /// The executions in which an iteration of a spin failed. Each is equivalent to one in which
    /// the spin begins later.
    pub(crate) spun: u64,
    /// The steps of all executions.
    pub(crate) events: u64,
    /// The verdict, and the trace of a failure.
    pub(crate) story: String,
}

impl Settings {
    fn explorer(&self) -> Result<Explorer<Any>, String> {
        let executions = self.max_executions.unwrap_or(1_000);
        Ok(match self.strategy {
            0 => self.bounded(Explorer::optimal()),
            1 => self.bounded(Explorer::naive()),
            2 => self.bounded(Explorer::random(self.seed, executions)),
            3 => self.bounded(Explorer::pct(self.seed, self.depth, executions)),
            _ => {
                let schedule = self.schedule.parse();
                let schedule =
                    schedule.map_err(|error| format!("{:?} is not a schedule: {error}", self.schedule))?;
                self.with_steps(Explorer::replay(schedule)).into_any()
            }
        })
    }

    /// With the bounds of a search of several runs.
    fn bounded<M: SearchMode + ManyRuns>(&self, explorer: Explorer<M>) -> Explorer<Any> {
        let mut explorer = self.with_steps(explorer);
        if let Some(most) = self.max_executions {
            explorer = explorer.max_executions(most);
        }
        if let Some(most) = self.max_milliseconds {
            explorer = explorer.max_time(Duration::from_millis(most));
        }
        explorer.into_any()
    }

    /// With the bound of each run.
    fn with_steps<M>(&self, explorer: Explorer<M>) -> Explorer<M> {
        match self.max_steps {
            Some(most) => explorer.max_steps(most),
            None => explorer,
        }
    }
}

/// Runs the search. It stops early when a run has learned a new effect.
pub(crate) fn run(settings: &Settings, body: Rc<dyn Fn()>) -> Found {
    let explorer = match settings.explorer() {
        Ok(explorer) => explorer,
        Err(why) => {
            return Found {
                report: Report { nondeterminism: Some(why), ..Report::default() },
                spun: 0,
                events: 0,
                story: String::new(),
            };
        }
    };
    let (mut spun, mut events) = (0, 0);
    let stops = settings.stops;
    let report = explorer.run_each(
        move || body(),
        |run| {
            let has_failed = matches!(run.ending(), Ending::Panic { .. } | Ending::Deadlock(_));
            events += run.steps().len() as u64;
            program::with(|program| {
                // A task that has ended, or waits elsewhere, has left its loop.
                let left: Vec<_> = program.tasks.iter_mut().filter_map(|task| task.probe.take()).collect();
                left.into_iter().for_each(|probe| program.has_ended(probe));
                spun += u64::from(program.has_spun);
                if program.new == program.learned && !(stops && has_failed) {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            })
        },
    );
    Found { report, spun, events, story: String::new() }
}

/// Writes the verdict. Runs a failing schedule again for its trace.
pub(crate) fn write_verdict(settings: &Settings, found: &mut Found, body: Rc<dyn Fn()>) {
    found.story = found.report.verdict().to_string();
    let Some(failure) = found.report.failure.as_ref().filter(|_| found.report.nondeterminism.is_none())
    else {
        return;
    };
    let explorer = settings.with_steps(Explorer::replay(failure.schedule.clone()));
    // The engine reports the trace as a panic, which is the result here.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let replayed = panic::catch_unwind(AssertUnwindSafe(|| explorer.check(move || body())));
    panic::set_hook(hook);
    if let Err(payload) = replayed {
        let text = payload.downcast::<String>().map_or_else(|_| String::new(), |text| *text);
        // The last lines count the one replayed run.
        let text = text.rsplit_once("\n\n").map_or(&*text, |(trace, _)| trace);
        found.story = text.to_owned();
    }
}

/// The verdict as a number of the result. `is_incomplete`: whether there are reasons why a complete
/// search is not; `is_bounded`: whether a bound of the runtime left schedules out.
pub(crate) fn verdict(report: &Report, is_incomplete: bool, is_bounded: bool) -> u32 {
    match report.verdict() {
        Verdict::Deadlock { .. } => 2,
        Verdict::Panic { .. } => 3,
        Verdict::Nondeterministic { .. } => 4,
        _ if is_incomplete => 5,
        Verdict::Complete { .. } if !is_bounded => 0,
        _ => 1,
    }
}
