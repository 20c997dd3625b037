//! What an explorer does with more than one worker.

use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use super::{seats, team};
use crate::dpor::Route;
use crate::explorer::{Explorer, Kind};
use crate::history::Names;
use crate::history::Registry;
use crate::report::Report;
use crate::run::Run;
use crate::runtime::{self, Quiet};
use crate::search::{Outcome, Search, Totals};
use crate::stateful::Visited;
use crate::strategy::{Optimal, Probe, Stateful, Strategy, Way};

/// After how many runs the other workers are called for: a search that is over by then costs no more than with one.
const ALONE: u64 = 500;

/// Makes a worker's strategy, on the worker's OS thread.
pub(crate) type MakeStrategy<'a> = Box<dyn FnOnce() -> Box<dyn Strategy> + Send + 'a>;

impl Explorer {
    /// So many workers, each on an OS thread of its own (1 unless told). They come to the same report, with the same number
    /// of executions; of several failures it may keep another.
    ///
    /// It is [`run_shared`](Explorer::run_shared), [`run_init`](Explorer::run_init) and
    /// [`run_init_while`](Explorer::run_init_while) that have workers: what they run can be called on several threads. A
    /// search that is soon over has one all the same, and so has one that is neither [`optimal`](Explorer::optimal) nor
    /// [`stateful`](Explorer::stateful).
    ///
    /// # Panics
    ///
    /// If there are none.
    pub fn jobs(mut self, jobs: usize) -> Self {
        assert!(jobs > 0, "a search needs a worker: jobs(1) is a search without others");
        self.jobs = jobs;
        self
    }

    /// Like [`run`](Explorer::run), with as many [workers](Explorer::jobs) as there are to be. They call `body` at the same
    /// time.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_engine::sync::{Arc, Mutex};
    /// use selvedge_engine::{Explorer, thread};
    ///
    /// let report = Explorer::optimal().jobs(2).run_shared(|| {
    ///     let lock = Arc::new(Mutex::new(()));
    ///     for _ in 0..6 {
    ///         let lock = Arc::clone(&lock);
    ///         thread::spawn(move || drop(lock.lock()));
    ///     }
    /// });
    /// assert_eq!(report.executions, 720); // 6! orders of the lock, whoever ran which
    /// ```
    pub fn run_shared(&self, body: impl Fn() + Send + Sync + 'static) -> Report {
        let body = Arc::new(body);
        let init = || {
            let body = Arc::clone(&body);
            (move || body(), ())
        };
        self.run_init(init, |(), _| ControlFlow::Continue(())).0
    }

    /// Like [`run_each`](Explorer::run_each), with as many [workers](Explorer::jobs) as there are to be. `init` is called
    /// once on each: it gives a body, and what the worker keeps for itself while it looks at its executions. What they have
    /// kept is given back, one for each worker that there was.
    ///
    /// The body and what is kept may share what the other workers do not: what the body leaves there, `visit` finds.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::collections::BTreeSet;
    /// use std::ops::ControlFlow;
    /// use std::sync::{Arc, Mutex};
    ///
    /// use selvedge_engine::{Explorer, choose};
    ///
    /// let init = || {
    ///     let last = Arc::new(Mutex::new(0));
    ///     let sum = Arc::clone(&last);
    ///     (move || *sum.lock().unwrap() = choose(3) + choose(3), (last, BTreeSet::new()))
    /// };
    /// let (report, kept) = Explorer::optimal().jobs(4).run_init(init, |(last, sums), _| {
    ///     sums.insert(*last.lock().unwrap());
    ///     ControlFlow::Continue(())
    /// });
    /// assert_eq!(report.executions, 9);
    /// let sums: BTreeSet<_> = kept.into_iter().flat_map(|(_, sums)| sums).collect();
    /// assert_eq!(sums, BTreeSet::from([0, 1, 2, 3, 4]));
    /// ```
    ///
    /// # Panics
    ///
    /// If `init` or `visit` does, once all workers have stopped.
    pub fn run_init<B: Fn() + 'static, V: Send>(
        &self,
        init: impl Fn() -> (B, V) + Sync,
        visit: impl Fn(&mut V, &Run<'_>) -> ControlFlow<()> + Sync,
    ) -> (Report, Vec<V>) {
        self.run_init_while(init, visit, |_| ControlFlow::Continue(()))
    }

    /// Like [`run_init`](Explorer::run_init), until `watch` breaks it off, which is told after each run, by whichever worker,
    /// how many there have been.
    ///
    /// Where the search is broken off or reaches a bound, the executions that other workers are at are ended, counted and
    /// shown. With [`max_executions`](Explorer::max_executions) there are exactly so many; which they are is not the same
    /// each time.
    ///
    /// # Panics
    ///
    /// As [`run_init`](Explorer::run_init), and if `watch` does.
    pub fn run_init_while<B: Fn() + 'static, V: Send>(
        &self,
        init: impl Fn() -> (B, V) + Sync,
        visit: impl Fn(&mut V, &Run<'_>) -> ControlFlow<()> + Sync,
        watch: impl Fn(u64) -> ControlFlow<()> + Sync,
    ) -> (Report, Vec<V>) {
        let start = Instant::now();
        let (strategies, visited) = self.strategies();
        let is_shared = strategies.len() > 1 || visited.is_some();
        let resumed = self.resumed.as_deref().filter(|_| visited.is_some());
        let tasks = resumed.map_or(&[] as &[_], |resumed| &resumed.tasks);
        let names = is_shared.then(|| Arc::new(Registry::shared_names().resumed(tasks)));
        let totals = Totals::new(start);
        let search = Search { explorer: self, start, totals: names.is_some().then_some(&totals) };
        let work = |strategy: MakeStrategy<'_>, call: &mut dyn FnMut()| {
            let (body, mut kept) = init();
            let mut execution = self.execution(strategy());
            if let Some(names) = &names {
                execution.registry.share(names);
            }
            let mut left = if self.shares_always { 1 } else { ALONE };
            let mut ran = || {
                left = left.saturating_sub(1);
                if left == 0 {
                    call();
                }
            };
            let mut visit = |run: &Run<'_>| visit(&mut kept, run);
            let outcome = search.run(execution, Rc::new(body), &mut visit, &mut |runs| watch(runs), &mut ran);
            (outcome, kept)
        };
        let (outcomes, kept): (Vec<Outcome>, _) = team::work(strategies, work).into_iter().unzip();
        let mut all = outcomes.into_iter().reduce(Outcome::merge).expect("there is a worker");
        if let Some(resumed) = resumed {
            all.report.resume(resumed);
            all.sometimes.resume(&resumed.sometimes);
        }
        if let (Some(visited), Some(names), Kind::Stateful { searched, .. }) = (&visited, &names, &self.kind)
            && all.report.is_broken_off()
        {
            let probe = Probe::new(Arc::clone(visited), *searched);
            all.report.done = self.walk(probe, names, Rc::new(init().0));
        }
        if let Some((visited, names)) = visited.zip(names).filter(|_| self.is_checkpointing) {
            all.report.checkpoint = all.report.checkpoint(&visited, all.open, names.tasks(), &all.sometimes);
        }
        all.report.never = all.sometimes.never().collect();
        all.report.elapsed = start.elapsed();
        (all.report, kept)
    }

    /// Which part of the states has been visited, by random walks.
    fn walk(&self, probe: Probe, names: &Arc<Names>, body: Rc<dyn Fn()>) -> f64 {
        let _quiet = Quiet::new();
        let mut execution = self.execution(Box::new(probe));
        execution.registry.share(names);
        loop {
            (execution, _) = runtime::run(execution, Rc::clone(&body));
            if !execution.next_run() {
                return execution.strategy().done().unwrap_or_default();
            }
        }
    }

    /// The strategy of each worker, and the states that they share. One that knows of no others works alone.
    fn strategies(&self) -> (Vec<MakeStrategy<'_>>, Option<Arc<Visited>>) {
        match self.kind {
            Kind::Stateful { max_states, searched } if self.max_preemptions.is_none() => {
                let (visited, open) = match &self.resumed {
                    None => (Visited::new(max_states), vec![Way::new()]),
                    Some(resumed) => {
                        let open = resumed.open.iter().map(|way| way.as_turns().to_vec()).collect();
                        (Visited::resumed(&resumed.visited, max_states), open)
                    }
                };
                let visited = Arc::new(visited);
                let make = |seat| -> MakeStrategy<'_> {
                    let visited = Arc::clone(&visited);
                    Box::new(move || Box::new(Stateful::new(visited, searched, Some(seat))))
                };
                let seats = seats(self.jobs, open, self.shares_always);
                (seats.into_iter().map(make).collect(), Some(Arc::clone(&visited)))
            }
            Kind::Optimal if self.jobs > 1 && self.max_preemptions.is_none() => {
                let make =
                    |seat| -> MakeStrategy<'_> { Box::new(move || Box::new(Optimal::new(Some(seat)))) };
                let seats = seats(self.jobs, vec![Route::default()], self.shares_always);
                (seats.into_iter().map(make).collect(), None)
            }
            _ => (vec![Box::new(|| self.strategy())], None),
        }
    }
}
