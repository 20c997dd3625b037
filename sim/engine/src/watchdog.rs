//! Reports a task that blocks an exploration.
//!
//! A task that blocks its OS thread blocks all tasks of the exploration, and no bound ends it,
//! because bounds are checked between steps. So a separate OS thread checks every 250 ms whether
//! each exploration has made a step, and writes to stderr if one exceeds its limit. It only reads,
//! and no decision of the engine depends on it or on its clock.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::coroutine::AtomicPlace;
use crate::event::TaskId;

/// Default time that a task may run without an operation before it is reported. See
/// [`Explorer::watchdog`](crate::Explorer::watchdog).
pub(crate) const DEFAULT_LIMIT: Duration = Duration::from_secs(10);

/// Maximum time between two checks.
const MAX_PAUSE: Duration = Duration::from_millis(250);

/// Maximum number of tasks of an exploration.
const TASKS: usize = 64;

/// The progress of the explorations of one OS thread. Only that thread writes it.
pub(crate) struct Pulse {
    /// The number of announced operations and of runs.
    steps: AtomicU64,
    is_running: AtomicBool,
    /// Maximum time without a step, in milliseconds; 0: no limit.
    limit: AtomicU64,
    /// The task that made the last step.
    current: AtomicU8,
    /// The tasks of the run, one bit per task.
    tasks: AtomicU64,
    /// The source location of each task's last announced operation.
    places: [AtomicPlace; TASKS],
    /// The names of the tasks that have one.
    names: Mutex<Vec<(TaskId, String)>>,
}

impl Default for Pulse {
    fn default() -> Self {
        Pulse {
            steps: AtomicU64::new(0),
            is_running: AtomicBool::new(false),
            limit: AtomicU64::new(0),
            current: AtomicU8::new(0),
            tasks: AtomicU64::new(0),
            places: [const { AtomicPlace::new() }; TASKS],
            names: Mutex::default(),
        }
    }
}

impl fmt::Debug for Pulse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pulse").field("steps", &self.steps).finish_non_exhaustive()
    }
}

/// An exploring OS thread, and its progress at the last check.
struct Watched {
    pulse: Weak<Pulse>,
    steps: u64,
    /// When it last made a step.
    since: Instant,
    is_reported: bool,
}

static WATCHED: Mutex<Vec<Watched>> = Mutex::new(Vec::new());

/// Whether no exploration is running and the watchdog thread waits for one.
static IS_IDLE: AtomicBool = AtomicBool::new(false);

static WAKES: Condvar = Condvar::new();

fn watched() -> MutexGuard<'static, Vec<Watched>> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    static OWN: Arc<Pulse> = {
        let pulse = Arc::default();
        watched().push(Watched {
            pulse: Arc::downgrade(&pulse),
            steps: 0,
            since: Instant::now(),
            is_reported: false,
        });
        pulse
    };
}

impl Pulse {
    /// Returns this OS thread's pulse, and sets its limit. Zero: no limit.
    pub(crate) fn own(limit: Duration) -> Arc<Self> {
        static WATCHDOG: Once = Once::new();
        let pulse = OWN.with(Arc::clone);
        pulse.limit.store(limit.as_millis().try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
        if !limit.is_zero() {
            // If the OS thread cannot be spawned, there is no watchdog.
            WATCHDOG
                .call_once(|| drop(thread::Builder::new().name("selvedge-watchdog".to_owned()).spawn(watch)));
        }
        pulse
    }

    /// Records the begin of a run.
    pub(crate) fn begin_run(&self) {
        self.tasks.store(0, Ordering::Relaxed);
        self.step();
        self.is_running.store(true, Ordering::SeqCst);
        if IS_IDLE.load(Ordering::SeqCst) {
            let _watched = watched();
            WAKES.notify_all();
        }
    }

    /// Records the end of the run.
    pub(crate) fn stop(&self) {
        self.is_running.store(false, Ordering::Relaxed);
    }

    /// Records the spawn of a task.
    pub(crate) fn spawn(&self, task: TaskId, name: Option<&String>) {
        let tasks = self.tasks.load(Ordering::Relaxed);
        self.tasks.store(tasks | 1 << task, Ordering::Relaxed);
        self.places[task as usize].store(None);
        if task == 0 || name.is_some() {
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            if task == 0 {
                names.clear();
            }
            names.extend(name.map(|name| (task, name.clone())));
        }
        self.current.store(task, Ordering::Relaxed);
    }

    /// Records the announcement of an operation.
    #[inline]
    pub(crate) fn beat(&self, task: TaskId, source: &'static Location<'static>) {
        self.places[task as usize].store(Some(source));
        self.current.store(task, Ordering::Relaxed);
        self.step();
    }

    /// Records that a task resumes.
    #[inline]
    pub(crate) fn resume(&self, task: TaskId) {
        self.current.store(task, Ordering::Relaxed);
        self.step();
    }

    #[inline]
    fn step(&self) {
        // This OS thread is the only writer.
        self.steps.store(self.steps.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    fn name(&self, task: TaskId) -> String {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let named = names.iter().find(|(whose, _)| *whose == task).map(|(_, name)| name.clone());
        named.unwrap_or_else(|| if task == 0 { "main".to_owned() } else { format!("task {task}") })
    }

    /// The message about an exploration that has made no step for `time`.
    fn describe(&self, time: Duration) -> String {
        let place = |task: TaskId| match self.places[task as usize].load() {
            Some(at) => format!("its operation at {}:{}", at.file(), at.line()),
            None => "it began".to_owned(),
        };
        let current = self.current.load(Ordering::Relaxed);
        let name = self.name(current);
        let mut text = format!(
            "selvedge-engine: no step for {} s. {name} has run since {}, and neither announced another operation nor ended.\n",
            time.as_secs_f32().round(),
            place(current),
        );
        let tasks = self.tasks.load(Ordering::Relaxed);
        for other in (0..TASKS as TaskId).filter(|&task| tasks & 1 << task != 0 && task != current) {
            _ = writeln!(text, "  {}: suspended, or ended, since {}", self.name(other), place(other));
        }
        text += "All tasks run on one OS thread, which waits. Likely causes: the task waits for a std::sync::Mutex, or \
                 another lock that the engine does not know, and another task holds it across an operation (use the \
                 lock of selvedge_engine::sync); a call that blocks (a std channel, std::thread::sleep, a socket); a \
                 loop without an operation. If the task computes for a long time, raise the limit with \
                 Explorer::watchdog.\n";
        text
    }
}

impl Watched {
    /// Checks the progress. Returns a message the first time that the limit is exceeded since the
    /// last step.
    fn look(&mut self, pulse: &Pulse, now: Instant) -> Option<String> {
        let steps = pulse.steps.load(Ordering::Relaxed);
        if steps != self.steps || !pulse.is_running.load(Ordering::SeqCst) {
            (self.steps, self.since, self.is_reported) = (steps, now, false);
            return None;
        }
        let (limit, time) = (pulse.limit.load(Ordering::Relaxed), now.duration_since(self.since));
        let is_late = limit > 0 && time.as_millis() >= u128::from(limit) && !self.is_reported;
        self.is_reported |= is_late;
        is_late.then(|| pulse.describe(time))
    }
}

/// Checks all explorations, forever.
fn watch() {
    let mut all = watched();
    loop {
        let (mut messages, mut is_any_running, mut pause) = (Vec::new(), false, MAX_PAUSE);
        all.retain_mut(|watched| {
            let Some(pulse) = watched.pulse.upgrade() else { return false };
            messages.extend(watched.look(&pulse, Instant::now()));
            is_any_running |= pulse.is_running.load(Ordering::SeqCst);
            let limit = pulse.limit.load(Ordering::Relaxed).max(1);
            pause = pause.min(Duration::from_millis(limit).div_f32(4.0));
            true
        });
        if !messages.is_empty() {
            drop(all);
            for text in messages {
                // A test harness captures the output of `eprintln`.
                _ = io::stderr().write_all(text.as_bytes());
            }
            all = watched();
            continue;
        }
        if is_any_running {
            all = WAKES.wait_timeout(all, pause).unwrap_or_else(PoisonError::into_inner).0;
            continue;
        }
        IS_IDLE.store(true, Ordering::SeqCst);
        let is_idle = |all: &mut Vec<Watched>| {
            let running = |watched: &Watched| {
                watched.pulse.upgrade().is_some_and(|pulse| pulse.is_running.load(Ordering::SeqCst))
            };
            !all.iter().any(running)
        };
        all = WAKES.wait_while(all, is_idle).unwrap_or_else(PoisonError::into_inner);
        IS_IDLE.store(false, Ordering::SeqCst);
    }
}
