//! Searches with several workers.
//!
//! Each worker is an OS thread with an execution of its own, since coroutines and thread-locals
//! belong to a thread. The workers share work: an idle worker takes work from another, and the
//! search ends when no work is left. The strategy defines the items of work; [`NumberTable`] gives
//! a task or a location the same number for each worker.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use super::runs::{Outcome, Search, Totals};
use super::settings::Settings;
use super::source::{MakeStrategy, SharedStates, StrategySource, WorkerStrategies};
use super::team;
use crate::history::{NumberTable, Registry};
use crate::observer::Observer;
use crate::report::Report;
use crate::runtime::Quiet;
use crate::strategy::{AnyStrategy, Probe};
use crate::thread::run_main;

/// The number of runs after which the other workers start: a shorter search costs no more than with
/// one worker.
const ALONE: u64 = 500;

impl Settings {
    /// Searches with `jobs` workers. `init` returns the body and the observer of a worker. Returns
    /// the report and the observers. `shares_always`: whether all workers start at once and always
    /// offer work.
    pub(crate) fn search_on_workers<B: Fn() + 'static, O: Observer + Send>(
        &self,
        mode: &dyn StrategySource,
        (jobs, shares_always): (usize, bool),
        init: impl Fn() -> (B, O) + Sync,
    ) -> (Report, Vec<O>) {
        let start = Instant::now();
        let WorkerStrategies { strategies, states } = mode.for_workers(jobs, shares_always);
        let is_shared = strategies.len() > 1 || states.is_some();
        let resumed = states.as_ref().and_then(|states| states.resumed);
        let tasks = resumed.map_or(&[] as &[_], |resumed| &resumed.tasks);
        let numbers = is_shared.then(|| Arc::new(Registry::shared_numbers().resumed(tasks)));
        let totals = Totals::new(start);
        let totals = numbers.is_some().then_some(&totals);
        let search = Search { settings: self, seed: mode.seed(), start, totals };
        let work = |strategy: MakeStrategy<'_>, call: &mut dyn FnMut()| {
            let (body, mut observer) = init();
            let mut execution = self.execution(strategy().0);
            if let Some(numbers) = &numbers {
                execution.history.registry.share(numbers);
            }
            let mut left = if shares_always { 1 } else { ALONE };
            let mut ran = || {
                left = left.saturating_sub(1);
                if left == 0 {
                    call();
                }
            };
            let outcome = search.run(execution, Rc::new(body), &mut observer, &mut ran);
            (outcome, observer)
        };
        let (outcomes, observers): (Vec<Outcome>, _) = team::work(strategies, work).into_iter().unzip();
        let mut all = outcomes.into_iter().reduce(Outcome::merge).expect("there is a worker");
        if let Some(resumed) = resumed {
            all.report.resume(resumed);
            all.sometimes.resume(&resumed.sometimes);
        }
        if let Some((states, numbers)) = states.zip(numbers) {
            if all.report.is_interrupted() {
                all.report.done = self.walk(&states, &numbers, Rc::new(init().0));
            }
            if states.is_checkpointing {
                let (visited, tasks) = (&states.visited, numbers.tasks());
                all.report.checkpoint = all.report.checkpoint(visited, all.open, tasks, &all.sometimes);
            }
        }
        all.report.never = all.sometimes.never().collect();
        all.report.elapsed = start.elapsed();
        (all.report, observers)
    }

    /// Estimates the part of the states that has been visited, by random walks.
    fn walk(&self, states: &SharedStates<'_>, numbers: &Arc<NumberTable>, body: Rc<dyn Fn()>) -> f64 {
        let _quiet = Quiet::new();
        let probe = Box::new(Probe::new(Arc::clone(&states.visited)));
        let mut execution = self.execution(AnyStrategy::States(probe, states.model));
        execution.history.registry.share(numbers);
        loop {
            (execution, _) = run_main(execution, Rc::clone(&body));
            if !execution.next_run() {
                return execution.strategy().done().unwrap_or_default();
            }
        }
    }
}
