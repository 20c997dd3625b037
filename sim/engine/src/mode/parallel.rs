//! A search that several workers share.

use std::sync::Arc;

use crate::capability::{ManyRuns, Sealed, SharesWork};
use crate::explorer::Explorer;
use crate::observer::Observer;
use crate::report::Report;

/// The mode `M`, with workers on several OS threads.
///
/// All counts of the report are those of `M`, for any number of workers. Of several failures the
/// report may show another. The settings of `M` alone must be set before
/// [`jobs`](Explorer::jobs).
#[derive(Clone, Debug)]
pub struct Parallel<M> {
    pub(super) mode: M,
    jobs: usize,
    shares_always: bool,
}

impl<M> Explorer<M> {
    /// Sets the number of workers, each on an OS thread of its own. The report is the same for any
    /// number, with the same number of executions; of several failures it may show another. A short
    /// search has one worker all the same.
    ///
    /// # Panics
    ///
    /// If `jobs` is 0.
    pub fn jobs(self, jobs: usize) -> Explorer<Parallel<M>>
    where
        M: SharesWork,
    {
        assert!(jobs > 0, "a search needs at least one worker: use jobs(1) for a search with one");
        let Explorer { mode, settings } = self;
        Explorer { mode: Parallel { mode, jobs, shares_always: false }, settings }
    }
}

impl<M: SharesWork> Explorer<Parallel<M>> {
    /// Explores the schedules of `body`, which is the main task of each execution. The workers call
    /// it concurrently.
    ///
    /// `body` must do the same in each run of the same schedule, and must create its objects
    /// itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_engine::sync::{Arc, Mutex};
    /// use selvedge_engine::{Explorer, thread};
    ///
    /// let report = Explorer::optimal().jobs(2).run(|| {
    ///     let lock = Arc::new(Mutex::new(()));
    ///     for _ in 0..6 {
    ///         let lock = Arc::clone(&lock);
    ///         thread::spawn(move || drop(lock.lock()));
    ///     }
    /// });
    /// assert_eq!(report.executions, 720); // 6! orders of the lock, on any worker
    /// ```
    pub fn run(&self, body: impl Fn() + Send + Sync + 'static) -> Report {
        let body = Arc::new(body);
        let init = || {
            let body = Arc::clone(&body);
            (move || body(), ())
        };
        self.observe(init).0
    }

    /// Like [`run`](Self::run). Calls `init` once on each worker for its body and its observer,
    /// which may share memory that other workers do not use. Returns the observers.
    ///
    /// If an observer or a bound ends the search, the other workers finish, count and show their
    /// current executions. [`max_executions`](Explorer::max_executions) is exact; the set of these
    /// executions may differ between searches.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::collections::BTreeSet;
    /// use std::ops::ControlFlow;
    /// use std::sync::{Arc, Mutex};
    ///
    /// use selvedge_engine::{Explorer, choose, fold};
    ///
    /// let init = || {
    ///     let last = Arc::new(Mutex::new(0));
    ///     let sum = Arc::clone(&last);
    ///     let sums = fold(BTreeSet::new(), move |sums: &mut BTreeSet<_>, _| {
    ///         sums.insert(*last.lock().unwrap());
    ///         ControlFlow::Continue(())
    ///     });
    ///     (move || *sum.lock().unwrap() = choose(3) + choose(3), sums)
    /// };
    /// let (report, observers) = Explorer::optimal().jobs(4).observe(init);
    /// assert_eq!(report.executions, 9);
    /// let sums: BTreeSet<_> = observers.into_iter().flat_map(|sums| sums.state).collect();
    /// assert_eq!(sums, BTreeSet::from([0, 1, 2, 3, 4]));
    /// ```
    ///
    /// # Panics
    ///
    /// If `init` or an observer panics, once all workers have stopped.
    pub fn observe<B: Fn() + 'static, O: Observer + Send>(
        &self,
        init: impl Fn() -> (B, O) + Sync,
    ) -> (Report, Vec<O>) {
        let Parallel { mode, jobs, shares_always } = &self.mode;
        self.settings.search_on_workers(mode, (*jobs, *shares_always), init)
    }

    /// Starts the other workers at once, and makes each worker always offer work. For tests, whose
    /// programs are small.
    #[doc(hidden)]
    pub fn sharing_always(mut self) -> Self {
        self.mode.shares_always = true;
        self
    }
}

impl<M> ManyRuns for Parallel<M> {}
impl<M> Sealed for Parallel<M> {}
