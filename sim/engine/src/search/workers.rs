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
use super::settings::{Settings, StrategyKind};
use super::team;
use crate::dpor::Route;
use crate::history::{NumberTable, Registry};
use crate::observer::Observer;
use crate::report::Report;
use crate::runtime::Quiet;
use crate::stateful::Visited;
use crate::strategy::{Optimal, Prefix, Probe, Stateful, Strategy};
use crate::thread::run_main;
use crate::work_queue;

/// The number of runs after which the other workers start: a shorter search costs no more than with
/// one worker.
const ALONE: u64 = 500;

/// Creates a worker's strategy, on the worker's OS thread.
type MakeStrategy<'a> = Box<dyn FnOnce() -> Box<dyn Strategy> + Send + 'a>;

impl Settings {
    /// Searches with all workers. `init` returns the body and the observer of a worker. Returns the
    /// report and the observers.
    pub(crate) fn search_on_workers<B: Fn() + 'static, O: Observer + Send>(
        &self,
        init: impl Fn() -> (B, O) + Sync,
    ) -> (Report, Vec<O>) {
        let start = Instant::now();
        let (strategies, visited) = self.strategies();
        let is_shared = strategies.len() > 1 || visited.is_some();
        let resumed = self.resumed.as_deref().filter(|_| visited.is_some());
        let tasks = resumed.map_or(&[] as &[_], |resumed| &resumed.tasks);
        let numbers = is_shared.then(|| Arc::new(Registry::shared_numbers().resumed(tasks)));
        let totals = Totals::new(start);
        let search = Search { settings: self, start, totals: numbers.is_some().then_some(&totals) };
        let work = |strategy: MakeStrategy<'_>, call: &mut dyn FnMut()| {
            let (body, mut observer) = init();
            let mut execution = self.execution(strategy());
            if let Some(numbers) = &numbers {
                execution.registry.share(numbers);
            }
            let mut left = if self.shares_always { 1 } else { ALONE };
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
        if let (Some(visited), Some(numbers), StrategyKind::Stateful { reductions, .. }) =
            (&visited, &numbers, &self.kind)
            && all.report.is_interrupted()
        {
            let probe = Probe::new(Arc::clone(visited), *reductions);
            all.report.done = self.walk(probe, numbers, Rc::new(init().0));
        }
        if let Some((visited, numbers)) = visited.zip(numbers).filter(|_| self.is_checkpointing) {
            all.report.checkpoint =
                all.report.checkpoint(&visited, all.open, numbers.tasks(), &all.sometimes);
        }
        all.report.never = all.sometimes.never().collect();
        all.report.elapsed = start.elapsed();
        (all.report, observers)
    }

    /// Estimates the part of the states that has been visited, by random walks.
    fn walk(&self, probe: Probe, numbers: &Arc<NumberTable>, body: Rc<dyn Fn()>) -> f64 {
        let _quiet = Quiet::new();
        let mut execution = self.execution(Box::new(probe));
        execution.registry.share(numbers);
        loop {
            (execution, _) = run_main(execution, Rc::clone(&body));
            if !execution.next_run() {
                return execution.strategy().done().unwrap_or_default();
            }
        }
    }

    /// The strategy of each worker, and the states that they share. A strategy without support for
    /// several workers works alone.
    fn strategies(&self) -> (Vec<MakeStrategy<'_>>, Option<Arc<Visited>>) {
        match self.kind {
            StrategyKind::Stateful { max_states, reductions } if self.max_preemptions.is_none() => {
                let (visited, open) = match &self.resumed {
                    None => (Visited::new(max_states), vec![Prefix::new()]),
                    Some(resumed) => {
                        let open = resumed.open.iter().map(|prefix| prefix.as_decisions().to_vec()).collect();
                        (Visited::resumed(&resumed.visited, max_states), open)
                    }
                };
                let visited = Arc::new(visited);
                let make = |queue| -> MakeStrategy<'_> {
                    let visited = Arc::clone(&visited);
                    Box::new(move || Box::new(Stateful::new(visited, reductions, Some(queue))))
                };
                let queues = work_queue::connected(self.jobs, open, self.shares_always);
                (queues.into_iter().map(make).collect(), Some(Arc::clone(&visited)))
            }
            StrategyKind::Optimal if self.jobs > 1 && self.max_preemptions.is_none() => {
                let make =
                    |queue| -> MakeStrategy<'_> { Box::new(move || Box::new(Optimal::new(Some(queue)))) };
                let queues = work_queue::connected(self.jobs, vec![Route::default()], self.shares_always);
                (queues.into_iter().map(make).collect(), None)
            }
            _ => (vec![Box::new(|| self.strategy())], None),
        }
    }
}
