//! The main loop of a search: run after run, until there is no next run or a bound is reached.

use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::settings::Settings;
use crate::bound::Bound;
use crate::observer::Observer;
use crate::progress::Progress;
use crate::report::Report;
use crate::run::Run;
use crate::runtime::{Execution, Quiet, Sometimes};
use crate::strategy::{Prefix, StateStrategy};
use crate::thread::run_main;

/// The counters that the workers of a search share.
pub(crate) struct Totals {
    /// Executions that have begun, except those that turned out to be redundant.
    executions: AtomicU64,
    /// Completed runs, and their events.
    runs: AtomicU64,
    events: AtomicU64,
    /// The time of the last progress report.
    last_report: Mutex<Instant>,
}

impl Totals {
    pub(crate) fn new(start: Instant) -> Self {
        let [executions, runs, events] = [0; 3].map(AtomicU64::new);
        Totals { executions, runs, events, last_report: Mutex::new(start) }
    }

    /// Counts one more execution, unless the largest number has been reached.
    fn admit(&self, most: Option<u64>) -> bool {
        let most = most.map_or(u64::MAX, |most| most.max(1));
        let one_more = |executions| (executions < most).then_some(executions + 1);
        self.executions.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok()
    }
}

/// A search, or one worker's part of it.
pub(crate) struct Search<'a> {
    pub(crate) settings: &'a Settings,
    /// The seed, if the schedules are random.
    pub(crate) seed: Option<u64>,
    pub(crate) start: Instant,
    /// `None` if there is only one worker.
    pub(crate) totals: Option<&'a Totals>,
}

/// The result of a search, or of one worker's part of it.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) report: Report,
    pub(crate) sometimes: Sometimes,
    /// The open prefixes of an interrupted search of states.
    pub(crate) open: Vec<Prefix>,
}

impl Outcome {
    /// Merges the outcomes of two workers.
    pub(crate) fn merge(mut self, other: Outcome) -> Outcome {
        self.report.merge(other.report);
        self.sometimes.merge(other.sometimes);
        self.open.extend(other.open);
        self
    }
}

impl Search<'_> {
    /// Runs `body` until the execution's strategy has no next run, and notifies `observer`. Calls
    /// `ran` after each run.
    pub(crate) fn run(
        &self,
        mut execution: Box<Execution>,
        body: Rc<dyn Fn()>,
        observer: &mut dyn Observer,
        ran: &mut dyn FnMut(),
    ) -> Outcome {
        let quiet = Quiet::new();
        let mut report = Report { seed: self.seed, ..Report::default() };
        let mut last_report = self.start;
        // A worker among others has to take an item of work first.
        let mut more = self.totals.is_none() || execution.next_run();
        while more {
            if self.totals.is_some_and(|totals| !totals.admit(self.settings.max_executions)) {
                report.bound = self.settings.max_executions.map(Bound::Executions);
                break;
            }
            let ending;
            (execution, ending) = run_main(execution, Rc::clone(&body));
            let run = Run { execution: &execution, ending: &ending };
            let is_redundant = execution.was_redundant();
            report.count(&run, is_redundant, self.settings.max_steps);
            if !is_redundant && quiet.interrupt(|| observer.execution(&run)).is_break() {
                report.bound = Some(Bound::Stopped);
            }
            if observer.progress(self.count(&report, &run, is_redundant)).is_break() {
                report.bound = Some(Bound::Stopped);
            }
            ran();
            report.refused = execution.unsupported();
            if report.nondeterminism.is_some() || report.refused.is_some() {
                break;
            }
            more = execution.next_run();
            if !more || report.bound == Some(Bound::Stopped) {
                break;
            }
            if let Some(left) = execution.leaves_too_many() {
                report.bound = Some(Bound::LeftBehind { tasks: left.tasks, source: left.source });
                break;
            }
            if let Some(bound) = self.reached(&execution, &report) {
                report.bound = Some(bound);
                break;
            }
            self.report_progress(&quiet, &execution, &report, &mut last_report);
        }
        report.bound = report.bound.or_else(|| execution.strategy().left_out());
        if report.bound.is_none() && !more && report.found_nothing() {
            report.bound = self.settings.unseen(execution.comparison.instrumented, &body).map(Bound::Unseen);
        }
        report.done = if more { self.done(&execution, report.executions) } else { 1.0 };
        let open = execution.open();
        report.states = execution.strategy().by_states().and_then(StateStrategy::states);
        report.never = execution.sometimes.never().collect();
        report.elapsed = self.start.elapsed();
        Outcome { report, sometimes: execution.sometimes, open }
    }

    /// How many runs there have been, with this one.
    #[inline]
    fn count(&self, report: &Report, run: &Run<'_>, is_redundant: bool) -> u64 {
        let Some(totals) = self.totals else { return report.executions + report.redundant };
        if is_redundant {
            totals.executions.fetch_sub(1, Ordering::Relaxed);
        }
        totals.events.fetch_add(run.execution.history.trail.len() as u64, Ordering::Relaxed);
        totals.runs.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The bound that ends the search here, although runs are left.
    #[inline]
    fn reached(&self, execution: &Execution, report: &Report) -> Option<Bound> {
        let Settings { max_executions, max_time, .. } = self.settings;
        if let Some(full) = execution.strategy().by_states().and_then(StateStrategy::full) {
            return Some(full);
        }
        let executions = max_executions.filter(|&most| self.totals.is_none() && report.executions >= most);
        let time = || max_time.filter(|&most| self.start.elapsed() >= most);
        executions.map(Bound::Executions).or_else(|| time().map(Bound::Time))
    }

    /// Reports the progress, if the interval since the last report has passed.
    #[inline]
    fn report_progress(
        &self,
        quiet: &Quiet,
        execution: &Execution,
        report: &Report,
        last_report: &mut Instant,
    ) {
        let Some(on_progress) = &self.settings.on_progress else { return };
        let (executions, events) = match self.totals {
            None if last_report.elapsed() >= on_progress.every => {
                *last_report = Instant::now();
                (report.executions, report.events)
            }
            None => return,
            Some(totals) => {
                // One worker reports; the others do not wait for it.
                let Ok(mut last_report) = totals.last_report.try_lock() else { return };
                if last_report.elapsed() < on_progress.every {
                    return;
                }
                *last_report = Instant::now();
                (totals.executions.load(Ordering::Relaxed), totals.events.load(Ordering::Relaxed))
            }
        };
        let done = self.done(execution, executions);
        let states = execution.strategy().by_states().and_then(StateStrategy::states);
        let states = states.map(|states| states.count);
        let progress = Progress { executions, events, states, elapsed: self.start.elapsed(), done };
        quiet.interrupt(|| (on_progress.report)(&progress));
    }

    /// The part of the search that is done, between two executions.
    fn done(&self, execution: &Execution, executions: u64) -> f64 {
        let planned = || self.settings.max_executions.map(|most| executions as f64 / most.max(1) as f64);
        execution.strategy().done().or_else(planned).unwrap_or(0.0)
    }
}
