//! Explorations: which schedules are run, within which bounds, and what came of them.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::panic::Location;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::event::{Mode, TaskId};
use crate::runtime::{self, Ending, Execution, Quiet};
use crate::strategy::{Naive, Optimal, Replay, Strategy, Turn};

/// What an exploration may spend, and what it ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// So many executions.
    Executions(u64),
    /// So much time.
    Time(Duration),
    /// So many steps in one execution.
    Steps(usize),
    /// The caller said that it is enough.
    Stopped,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Executions(count) => write!(f, "the bound of {count} executions"),
            Bound::Time(time) => write!(f, "the bound of {time:?}"),
            Bound::Steps(steps) => write!(f, "the bound of {steps} steps in one execution"),
            Bound::Stopped => f.write_str("a stop by the caller"),
        }
    }
}

#[derive(Clone, Debug)]
enum Kind {
    Optimal,
    Naive,
    Replay(Vec<Turn>),
}

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
    kind: Kind,
    max_executions: Option<u64>,
    max_time: Option<Duration>,
    max_steps: usize,
    stack_size: usize,
    recording: bool,
    spurious_wakeups: u16,
}

impl Explorer {
    fn new(kind: Kind) -> Self {
        Explorer {
            kind,
            max_executions: None,
            max_time: None,
            max_steps: 10_000,
            stack_size: 256 << 10,
            recording: false,
            spurious_wakeups: 0,
        }
    }

    /// Each Mazurkiewicz class of schedules exactly once.
    pub fn optimal() -> Self {
        Explorer::new(Kind::Optimal)
    }

    /// Every interleaving. For small programs, and for checking the optimal strategy.
    pub fn naive() -> Self {
        Explorer::new(Kind::Naive)
    }

    /// One schedule: of each event the task, and which of its alternatives it takes (0 where there is one).
    pub fn replay(schedule: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let turn = |(task, choice)| Turn { task: task as TaskId, choice: choice as u16 };
        Explorer::new(Kind::Replay(schedule.into_iter().map(turn).collect()))
    }

    /// Stops after so many executions.
    pub fn max_executions(mut self, executions: u64) -> Self {
        self.max_executions = Some(executions);
        self
    }

    /// Stops after so much time.
    pub fn max_time(mut self, time: Duration) -> Self {
        self.max_time = Some(time);
        self
    }

    /// Gives up an execution that has more steps than this (10,000 unless told).
    pub fn max_steps(mut self, steps: usize) -> Self {
        self.max_steps = steps;
        self
    }

    /// The size of a task's stack in bytes (256 KiB unless told).
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = bytes;
        self
    }

    /// Tells [`recording`](crate::recording) to say true: the executions are to be shown, not only counted.
    pub fn recording(mut self, recording: bool) -> Self {
        self.recording = recording;
        self
    }

    /// Lets a task wake up from a [`Condvar`](crate::sync::Condvar) for no reason, up to so many times for each condvar
    /// that it waits for (never, unless told). Waits that do not look at their condition again are found out.
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
        self.spurious_wakeups = most;
        self
    }

    /// Explores the schedules of `body`, which is the main task of each.
    ///
    /// `body` must do the same whenever it is run with the same schedule, and must make its own objects each time.
    pub fn run(&self, body: impl Fn() + 'static) -> Report {
        self.run_each(body, |_| ControlFlow::Continue(()))
    }

    /// Like [`run`](Explorer::run), with a look at each execution when it has ended.
    pub fn run_each(
        &self,
        body: impl Fn() + 'static,
        mut visit: impl FnMut(&Run<'_>) -> ControlFlow<()>,
    ) -> Report {
        let start = Instant::now();
        let _quiet = Quiet::new();
        let strategy: Box<dyn Strategy> = match &self.kind {
            Kind::Optimal => Box::new(Optimal::new()),
            Kind::Naive => Box::new(Naive::default()),
            Kind::Replay(schedule) => Box::new(Replay::new(schedule.clone())),
        };
        let body: Rc<dyn Fn()> = Rc::new(body);
        let mut execution =
            Box::new(Execution::new(strategy, self.max_steps, self.stack_size, self.recording));
        execution.spurious_wakeups = self.spurious_wakeups;
        let mut report = Report::default();
        loop {
            let ending;
            (execution, ending) = runtime::run(execution, Rc::clone(&body));
            report.events += execution.trail.len() as u64;
            if execution.was_redundant() {
                report.redundant += 1;
            } else {
                report.executions += 1;
                report.count(&ending, self.max_steps);
                let run = Run { execution: &execution, ending: &ending };
                if visit(&run).is_break() {
                    report.bound = Some(Bound::Stopped);
                }
            }
            if report.nondeterminism.is_some() || report.bound == Some(Bound::Stopped) {
                break;
            }
            if !execution.next_run() {
                break;
            }
            if self.max_executions.is_some_and(|most| report.executions >= most) {
                report.bound = self.max_executions.map(Bound::Executions);
                break;
            }
            if self.max_time.is_some_and(|most| start.elapsed() >= most) {
                report.bound = self.max_time.map(Bound::Time);
                break;
            }
        }
        report.elapsed = start.elapsed();
        report
    }
}

/// What an exploration came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Executions that were run to their end, deadlocks and panics included.
    pub executions: u64,
    /// Of these, those that ended in a deadlock.
    pub deadlocks: u64,
    /// Of these, those that ended in a panic that nobody took.
    pub panics: u64,
    /// Executions that were cut short because all that could go on had been explored already: none, for an optimal
    /// strategy.
    pub redundant: u64,
    /// Events of all executions.
    pub events: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// What ended the exploration before it was complete.
    pub bound: Option<Bound>,
    /// The first difference between two runs of the same schedule, if the program is not deterministic.
    pub nondeterminism: Option<String>,
}

impl Report {
    /// Whether every schedule is covered.
    pub fn is_complete(&self) -> bool {
        self.bound.is_none() && self.nondeterminism.is_none()
    }

    fn count(&mut self, ending: &Ending, max_steps: usize) {
        match ending {
            Ending::Complete => {}
            Ending::Deadlock(_) => self.deadlocks += 1,
            Ending::Panic { .. } => self.panics += 1,
            Ending::TooLong => self.bound = Some(Bound::Steps(max_steps)),
            Ending::Nondeterministic(difference) => self.nondeterminism = Some(difference.clone()),
        }
    }
}

/// An execution that has ended.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    execution: &'a Execution,
    ending: &'a Ending,
}

/// One event of an execution.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The task.
    pub task: u32,
    /// Which of the task's events it is, from 1.
    pub index: u32,
    /// Which of its alternatives it took, from 0.
    pub choice: u32,
    /// The source line that called the operation.
    pub source: &'static Location<'static>,
}

impl<'a> Run<'a> {
    /// How it ended.
    pub fn ending(&self) -> &'a Ending {
        self.ending
    }

    /// Its events, in order.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = Step> + use<'a> {
        self.execution.trail.events().iter().map(|event| Step {
            task: u32::from(event.task),
            index: event.index,
            choice: u32::from(event.choice),
            source: event.source,
        })
    }

    /// The vector clock of the event at `position` (from 0): of each task, how many events happen before it, itself
    /// included.
    pub fn clock(&self, position: usize) -> &'a [u32] {
        self.execution.trail.clock(position)
    }

    /// Its schedule: of each event the task, and which of its alternatives it took.
    pub fn schedule(&self) -> Vec<(u32, u32)> {
        self.steps().map(|step| (step.task, step.choice)).collect()
    }

    /// A task's name.
    pub fn task_name(&self, task: u32) -> String {
        self.execution.task_name(task as TaskId)
    }

    /// What is the same in all schedules of the execution's class and in no other: each event's clock and what it did.
    pub fn class(&self) -> Class {
        let trail = &self.execution.trail;
        let events = trail.events().iter().enumerate();
        Class(
            events
                .map(|(position, event)| {
                    let clock = trail.clock(position);
                    let last = clock.iter().rposition(|&seen| seen > 0).map_or(0, |last| last + 1);
                    let accesses = event.accesses().iter().map(|access| access.mode);
                    ((event.task, event.index), (clock[..last].to_vec(), event.choice, accesses.collect()))
                })
                .collect(),
        )
    }
}

impl fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("ending", self.ending).field("schedule", &self.schedule()).finish()
    }
}

/// A Mazurkiewicz class: its events by name, each with its clock, which alternative it took, and how it conflicts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Class(BTreeMap<(TaskId, u32), ClassEvent>);

/// An event's clock, which alternative it took, and how it conflicts.
type ClassEvent = (Vec<u32>, u16, Vec<Mode>);
