//! The explorer: the public interface of a search.

use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::observer::{Observer, fold};
use crate::progress::Progress;
use crate::report::Report;
use crate::run::Run;
use crate::runtime::Ending;
use crate::schedule::Schedule;
use crate::search::{OnProgress, Search, Settings, StrategyKind};
use crate::stateful::{Checkpoint, Part};
use crate::strategy::Reductions;

/// Explores the schedules of a program.
///
/// # Examples
///
/// ```
/// use selvedge_engine::{Explorer, sync::{Arc, Mutex}, thread};
///
/// let report = Explorer::optimal().run(|| {
///     let counter = Arc::new(Mutex::new(0));
///     let tasks: Vec<_> = (0..3)
///         .map(|_| {
///             let counter = Arc::clone(&counter);
///             thread::spawn(move || *counter.lock().unwrap() += 1)
///         })
///         .collect();
///     for task in tasks {
///         task.join().unwrap();
///     }
///     assert_eq!(*counter.lock().unwrap(), 3);
/// });
/// assert!(report.is_complete());
/// assert_eq!(report.executions, 6); // 3! orders of the lock
/// ```
#[derive(Clone, Debug)]
pub struct Explorer {
    pub(crate) settings: Settings,
}

impl Explorer {
    fn new(kind: StrategyKind) -> Self {
        Explorer { settings: Settings::new(kind) }
    }

    /// Explores each Mazurkiewicz class of schedules exactly once.
    pub fn optimal() -> Self {
        Explorer::new(StrategyKind::Optimal)
    }

    /// Explores each state once: schedules that lead to the same state are one from there on,
    /// whatever their order was. There are exponentially many states where there are factorially
    /// many classes of schedules, so that this search can be complete for a program of several
    /// tasks. But each state costs memory, and is a point of a run and not a whole run.
    ///
    /// Two states are the same if they agree in the observations of each task; the contents of each
    /// object; the clock; the remaining budget of a [bound](Explorer::max_preemptions); and the
    /// [monitor](crate::monitor()). A task with an observation never returns to the local state
    /// without it, unless it forgets: tasks forget between the operations of a
    /// [script](crate::scripted).
    ///
    /// [`run_each`](Explorer::run_each) shows the executions that end in a new state, with their
    /// schedules and endings, but without clocks. [`Report::states`](crate::Report::states) has the
    /// statistics. A program with an effect that the engine does not see
    /// ([`opaque`](crate::opaque)) is [refused](crate::Verdict::Refused): use
    /// [`optimal`](Explorer::optimal), which needs no states.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_engine::sync::{Arc, atomic::{AtomicU32, Ordering::SeqCst}};
    /// use selvedge_engine::{Explorer, thread};
    ///
    /// // Five tasks store the same value: no task observes their order.
    /// let program = || {
    ///     let flag = Arc::new(AtomicU32::new(0));
    ///     for _ in 0..5 {
    ///         let flag = Arc::clone(&flag);
    ///         thread::spawn(move || flag.store(1, SeqCst));
    ///     }
    /// };
    /// assert_eq!(Explorer::optimal().run(program).executions, 120); // 5!
    /// let states = Explorer::stateful().run(program).states.unwrap();
    /// assert_eq!(states.count, 32); // which of the five have stored: 2^5
    /// ```
    pub fn stateful() -> Self {
        let reductions = Reductions { predicts: true, joins_movers: true };
        Explorer::new(StrategyKind::Stateful { max_states: None, reductions })
    }

    /// Explores every interleaving. For small programs, and as the reference for the optimal
    /// strategy.
    pub fn naive() -> Self {
        Explorer::new(StrategyKind::Naive)
    }

    /// Explores `executions` random schedules: at each step, each enabled task has the same
    /// probability. The same seed gives the same schedules on every machine.
    ///
    /// The search can miss bugs: the report is [bounded](crate::Bound::Executions). For programs
    /// that are too large for an exhaustive search.
    pub fn random(seed: u64, executions: u64) -> Self {
        Explorer::new(StrategyKind::Random { seed }).max_executions(executions)
    }

    /// Explores `executions` schedules by probabilistic concurrency testing (Burckhardt et al.,
    /// ASPLOS 2010): each task has a random priority, the enabled task with the highest priority
    /// runs, and at `depth - 1` random steps the priority of the next task is changed to one below
    /// all others. One execution finds a bug that needs `depth` orderings with a probability of at
    /// least 1/(n·k^(depth-1)), with n tasks and k steps. Most bugs need two or three orderings.
    ///
    /// The number of steps is estimated from the earlier executions. The same seed gives the same
    /// schedules.
    pub fn pct(seed: u64, depth: usize, executions: u64) -> Self {
        Explorer::new(StrategyKind::Pct { seed, depth }).max_executions(executions)
    }

    /// Replays one schedule, from [`Run::schedule`] or parsed from its text.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_engine::{Explorer, opaque, thread};
    ///
    /// let schedule = "s1:ba".parse().unwrap();
    /// let report = Explorer::replay(schedule).run(|| {
    ///     thread::spawn(opaque);
    ///     opaque();
    /// });
    /// assert_eq!(report.executions, 1);
    /// ```
    pub fn replay(schedule: Schedule) -> Self {
        Explorer::new(StrategyKind::Replay { schedule, continues: false })
    }

    /// Replays one schedule, such as [`Found::schedule`](crate::Found::schedule), and then
    /// continues the run to its end with the fewest context switches. [`Run::schedule`] then
    /// returns the whole schedule.
    pub fn continuing(schedule: Schedule) -> Self {
        Explorer::new(StrategyKind::Replay { schedule, continues: true })
    }

    /// An explorer with these settings that replays this schedule and records it.
    pub(crate) fn again(&self, schedule: Schedule) -> Self {
        let settings = Settings {
            kind: StrategyKind::Replay { schedule, continues: false },
            max_executions: None,
            max_time: None,
            max_preemptions: None,
            recording: true,
            on_progress: None,
            ..self.settings.clone()
        };
        Explorer { settings }
    }

    /// Stops after this many executions.
    pub fn max_executions(mut self, executions: u64) -> Self {
        self.settings.max_executions = Some(executions);
        self
    }

    /// Stops at this many states, each of which takes about 32 bytes of memory. Only for a search
    /// of [states](Explorer::stateful).
    ///
    /// # Panics
    ///
    /// If the search is not a search of states.
    pub fn max_states(mut self, states: u64) -> Self {
        let StrategyKind::Stateful { max_states, .. } = &mut self.settings.kind else {
            panic!(
                "max_states bounds a search of states: use it with Explorer::stateful, or use max_executions"
            )
        };
        *max_states = Some(states);
        self
    }

    /// Stores a checkpoint in [`Report::checkpoint`](field@crate::Report::checkpoint) if a bound or
    /// the caller ends a search of [states](Explorer::stateful), from which the search can be
    /// [resumed](Explorer::resume).
    ///
    /// Like several [workers](Explorer::jobs), this needs
    /// [`run_on_workers`](Explorer::run_on_workers) or
    /// [`observe_on_workers`](Explorer::observe_on_workers).
    pub fn checkpointing(mut self) -> Self {
        self.settings.is_checkpointing = true;
        self
    }

    /// Resumes an unfinished search of [states](Explorer::stateful) of the same program, on this
    /// machine or another, with any number of workers. The report covers all parts of the search;
    /// bounds on executions and time apply to this part alone. If this part is also interrupted,
    /// its checkpoint replaces the first one.
    ///
    /// The observers receive the executions of this part.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_engine::sync::{Arc, atomic::{AtomicU32, Ordering::SeqCst}};
    /// use selvedge_engine::{Explorer, thread};
    ///
    /// let program = || {
    ///     let flag = Arc::new(AtomicU32::new(0));
    ///     for _ in 0..5 {
    ///         let flag = Arc::clone(&flag);
    ///         thread::spawn(move || flag.store(1, SeqCst));
    ///     }
    /// };
    /// let first = Explorer::stateful().max_states(20).checkpointing().run_on_workers(program);
    /// assert!(!first.is_complete());
    /// let second = Explorer::stateful().resume(first.checkpoint.unwrap()).run_on_workers(program);
    /// assert!(second.is_complete());
    /// assert_eq!(second.states.unwrap().count, 32); // as an uninterrupted search
    /// ```
    pub fn resume(mut self, checkpoint: Checkpoint) -> Self {
        self.settings.resumed = Some(Arc::new(checkpoint));
        self.checkpointing()
    }

    /// Executes each step in each state, including those whose predicted state has been visited.
    /// For measurements and tests of the prediction.
    #[doc(hidden)]
    pub fn without_transition_cache(mut self) -> Self {
        if let StrategyKind::Stateful { reductions, .. } = &mut self.settings.kind {
            reductions.predicts = false;
        }
        self
    }

    /// Makes each operation a separate step, including the acquisition and the release of locks on
    /// which others can only wait. For measurements and tests of the reduction.
    #[doc(hidden)]
    pub fn without_movers(mut self) -> Self {
        if let StrategyKind::Stateful { reductions, .. } = &mut self.settings.kind {
            reductions.joins_movers = false;
        }
        self
    }

    /// Omits a part of the states, so that different states are taken for the same. For tests,
    /// which check that the search then misses states.
    #[doc(hidden)]
    pub fn leaving_out(mut self, part: Part) -> Self {
        self.settings.left_out = Some(part);
        // Predictions would no longer agree with the states.
        self.without_transition_cache().without_movers()
    }

    /// Starts the other [workers](Explorer::jobs) at once, and makes each worker always offer work.
    /// For tests, whose programs are small.
    #[doc(hidden)]
    pub fn sharing_always(mut self) -> Self {
        self.settings.shares_always = true;
        self
    }

    /// Stops after this time.
    pub fn max_time(mut self, time: Duration) -> Self {
        self.settings.max_time = Some(time);
        self
    }

    /// Aborts an execution with more steps than this (10,000 by default).
    pub fn max_steps(mut self, steps: usize) -> Self {
        self.settings.max_steps = steps;
        self
    }

    /// Leaves out schedules with more preemptions than this: context switches away from an enabled
    /// task. Many bugs need one or two. The report is [bounded](crate::Bound::Preemptions) if any
    /// schedule was left out.
    ///
    /// # Panics
    ///
    /// [`run`](Explorer::run) panics if the explorer is [`optimal`](Explorer::optimal): it runs one
    /// schedule for many, and this one may have more preemptions than the others.
    pub fn max_preemptions(mut self, preemptions: usize) -> Self {
        self.settings.max_preemptions = Some(preemptions);
        self
    }

    /// Calls `report` with the progress between two executions, at most once in each interval
    /// `every`.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_engine::{Explorer, choose};
    /// use std::time::Duration;
    ///
    /// Explorer::optimal()
    ///     .on_progress(Duration::from_secs(1), |progress| eprintln!("{progress}"))
    ///     .run(|| drop(choose(10)));
    /// ```
    pub fn on_progress(
        mut self,
        every: Duration,
        report: impl Fn(&Progress) + Send + Sync + 'static,
    ) -> Self {
        self.settings.on_progress = Some(OnProgress { every, report: Arc::new(report) });
        self
    }

    /// Sets the size of a task's stack in bytes (256 KiB by default). If a task overflows its
    /// stack, its name is written to stderr and the process aborts.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.settings.stack_size = bytes;
        self
    }

    /// Sets the time that a task may run without an operation before the watchdog reports it on
    /// stderr (10 s by default; zero disables the watchdog). The report contains the task, its last
    /// operation and likely causes. The exploration continues if the task does. A task that blocks
    /// its OS thread, for example with a [`std::sync::Mutex`] that another task holds across an
    /// operation, blocks the exploration, and no bound ends it.
    pub fn watchdog(mut self, time: Duration) -> Self {
        self.settings.watchdog = time;
        self
    }

    /// Records the executions: [`Run::trace`] returns their traces, and
    /// [`recording`](crate::recording) returns `true` inside.
    pub fn recording(mut self, recording: bool) -> Self {
        self.settings.recording = recording;
        self
    }

    /// Allows spurious wakeups, as std does: up to `most` for each task and
    /// [`Condvar`](crate::sync::Condvar), and up to `most` for each task from
    /// [`park`](crate::thread::park) and [`park_timeout`](crate::thread::park_timeout) together (0
    /// by default). They reveal waits that do not check their condition again.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_engine::sync::{Arc, Condvar, Mutex};
    /// use selvedge_engine::{Explorer, thread};
    ///
    /// let program = || {
    ///     let pair = Arc::new((Mutex::new(false), Condvar::new()));
    ///     let other = Arc::clone(&pair);
    ///     thread::spawn(move || {
    ///         *other.0.lock().unwrap() = true;
    ///         other.1.notify_one();
    ///     });
    ///     let (ready, condvar) = &*pair;
    ///     let mut guard = ready.lock().unwrap();
    ///     if !*guard {
    ///         guard = condvar.wait(guard).unwrap(); // an `if`, where it should be a `while`
    ///     }
    ///     assert!(*guard);
    /// };
    /// assert_eq!(Explorer::optimal().run(program).panics, 0);
    /// assert_eq!(Explorer::optimal().spurious_wakeups(1).run(program).panics, 1);
    /// ```
    pub fn spurious_wakeups(mut self, most: u16) -> Self {
        self.settings.spurious_wakeups = most;
        self
    }

    /// Explores the schedules of `body`, which is the main task of each execution.
    ///
    /// `body` must do the same in each run of the same schedule, and must create its objects
    /// itself.
    pub fn run(&self, body: impl Fn() + 'static) -> Report {
        self.observe(body, ()).0
    }

    /// Like [`run`](Explorer::run). Calls `visit` with each execution when it has ended; stops when
    /// it returns `Break`.
    pub fn run_each(
        &self,
        body: impl Fn() + 'static,
        mut visit: impl FnMut(&Run<'_>) -> ControlFlow<()>,
    ) -> Report {
        self.observe(body, fold((), |(), run| visit(run))).0
    }

    /// Like [`run`](Explorer::run). Notifies `observer`, and returns it.
    pub fn observe<O: Observer>(&self, body: impl Fn() + 'static, mut observer: O) -> (Report, O) {
        let settings = &self.settings;
        let search = Search { settings, start: Instant::now(), totals: None };
        let execution = settings.execution(settings.strategy());
        let outcome = search.run(execution, Rc::new(body), &mut observer, &mut || {});
        (outcome.report, observer)
    }

    /// Sets the number of workers, each on an OS thread of its own (1 by default). The report is
    /// the same for any number, with the same number of executions; of several failures it may show
    /// another.
    ///
    /// It applies to [`run_on_workers`](Explorer::run_on_workers) and
    /// [`observe_on_workers`](Explorer::observe_on_workers), whose bodies can be called on several
    /// threads. A short search has one worker all the same, and so has a search that is neither
    /// [`optimal`](Explorer::optimal) nor [`stateful`](Explorer::stateful).
    ///
    /// # Panics
    ///
    /// If `jobs` is 0.
    pub fn jobs(mut self, jobs: usize) -> Self {
        assert!(jobs > 0, "a search needs at least one worker: use jobs(1) for a search with one");
        self.settings.jobs = jobs;
        self
    }

    /// Like [`run`](Explorer::run), with several [workers](Explorer::jobs), which call `body`
    /// concurrently.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_engine::sync::{Arc, Mutex};
    /// use selvedge_engine::{Explorer, thread};
    ///
    /// let report = Explorer::optimal().jobs(2).run_on_workers(|| {
    ///     let lock = Arc::new(Mutex::new(()));
    ///     for _ in 0..6 {
    ///         let lock = Arc::clone(&lock);
    ///         thread::spawn(move || drop(lock.lock()));
    ///     }
    /// });
    /// assert_eq!(report.executions, 720); // 6! orders of the lock, on any worker
    /// ```
    pub fn run_on_workers(&self, body: impl Fn() + Send + Sync + 'static) -> Report {
        let body = Arc::new(body);
        let init = || {
            let body = Arc::clone(&body);
            (move || body(), ())
        };
        self.observe_on_workers(init).0
    }

    /// Like [`observe`](Explorer::observe), with several [workers](Explorer::jobs). Calls `init`
    /// once on each worker for its body and its observer, which may share memory that other workers
    /// do not use. Returns the observers.
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
    /// let (report, observers) = Explorer::optimal().jobs(4).observe_on_workers(init);
    /// assert_eq!(report.executions, 9);
    /// let sums: BTreeSet<_> = observers.into_iter().flat_map(|sums| sums.state).collect();
    /// assert_eq!(sums, BTreeSet::from([0, 1, 2, 3, 4]));
    /// ```
    ///
    /// # Panics
    ///
    /// If `init` or an observer panics, once all workers have stopped.
    pub fn observe_on_workers<B: Fn() + 'static, O: Observer + Send>(
        &self,
        init: impl Fn() -> (B, O) + Sync,
    ) -> (Report, Vec<O>) {
        self.settings.search_on_workers(init)
    }

    /// Finds the simplest schedule of `body` that runs to its end and in which the
    /// [monitor](crate::monitor()) finds this kind: the fewest context switches, then the fewest
    /// events, then the first in the order of the tasks. `None` if there is none, or if the search
    /// for it is too long. Calls `watch` after each run; stops when it returns `Break`.
    ///
    /// # Examples
    ///
    /// In the example of [`monitor`](crate::monitor()), it is the one schedule in which task 1
    /// comes right after task 2.
    pub fn simplest_finding(
        &self,
        kind: u32,
        body: impl Fn() + 'static,
        watch: impl FnMut() -> ControlFlow<()>,
    ) -> Option<Schedule> {
        let is_wanted = |ending: &Ending| *ending == Ending::Complete;
        let simplest = self.settings.simplest(Some(kind), Rc::new(body), is_wanted, watch);
        simplest.map(|its| its.schedule)
    }
}
