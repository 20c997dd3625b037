//! The explorer: the public interface of a search.

use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::capability::{ManyRuns, SearchMode};
use crate::observer::{Observer, fold};
use crate::progress::Progress;
use crate::report::Report;
use crate::run::Run;
use crate::search::{OnProgress, Search, Settings};

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
pub struct Explorer<M> {
    pub(crate) mode: M,
    pub(crate) settings: Settings,
}

impl<M> Explorer<M> {
    pub(crate) fn new(mode: M) -> Self {
        Explorer { mode, settings: Settings::default() }
    }

    /// Aborts an execution with more steps than this (10,000 by default).
    pub fn max_steps(mut self, steps: usize) -> Self {
        self.settings.max_steps = steps;
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

    /// Lets the `compare_exchange_weak`s of each task fail spuriously up to `most` times in a run.
    /// By default they fail only if the value differs.
    ///
    /// A spurious failure is a choice, followed by a load with the failure ordering. So it is also
    /// explored where the value differs.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_engine::Explorer;
    /// use selvedge_engine::sync::atomic::{AtomicU32, Ordering::Relaxed};
    ///
    /// let program = || {
    ///     // Without a loop.
    ///     AtomicU32::new(0).compare_exchange_weak(0, 1, Relaxed, Relaxed).unwrap();
    /// };
    /// assert_eq!(Explorer::rc11().run(program).panics, 0);
    /// assert_eq!(Explorer::rc11().spurious_failures(1).run(program).panics, 1);
    /// ```
    pub fn spurious_failures(mut self, most: u16) -> Self {
        self.settings.spurious_failures = most;
        self
    }

    /// Stops after this many executions.
    pub fn max_executions(mut self, executions: u64) -> Self
    where
        M: ManyRuns,
    {
        self.settings.max_executions = Some(executions);
        self
    }

    /// Stops after this time.
    pub fn max_time(mut self, time: Duration) -> Self
    where
        M: ManyRuns,
    {
        self.settings.max_time = Some(time);
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
    pub fn on_progress(mut self, every: Duration, report: impl Fn(&Progress) + Send + Sync + 'static) -> Self
    where
        M: ManyRuns,
    {
        self.settings.on_progress = Some(OnProgress { every, report: Arc::new(report) });
        self
    }
}

impl<M: SearchMode> Explorer<M> {
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
        let search = Search { settings, seed: self.mode.seed(), start: Instant::now(), totals: None };
        let execution = settings.execution(self.mode.strategy().0);
        let outcome = search.run(execution, Rc::new(body), &mut observer, &mut || {});
        (outcome.report, observer)
    }
}
