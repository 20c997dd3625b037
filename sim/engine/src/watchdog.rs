//! Says which task holds up an exploration.
//!
//! A task that blocks its OS thread blocks all tasks of the exploration, and no bound ends it: bounds are looked at between
//! steps. So an OS thread of its own looks every quarter of a second whether each exploration has made a step, and writes to
//! stderr if one has not for too long. It only reads, and nothing that the engine decides depends on it or on its clock.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::coroutine::AtomicPlace;
use crate::event::TaskId;

/// How long a task may run without an operation before it is told of, unless [another time](crate::Explorer::watchdog) is
/// set.
pub(crate) const USUAL: Duration = Duration::from_secs(10);

/// How often the explorations are looked at, at least.
const LOOK: Duration = Duration::from_millis(250);

/// How many tasks an exploration has at the most.
const TASKS: usize = 64;

/// What the watchdog sees of the explorations of one OS thread. Written by that thread alone.
pub(crate) struct Pulse {
    /// How many operations have been announced, and runs begun.
    steps: AtomicU64,
    is_running: AtomicBool,
    /// How long there may be no step, in milliseconds; 0 for ever.
    limit: AtomicU64,
    /// The task that announced something last.
    current: AtomicU8,
    /// The tasks of the run, a bit for each.
    tasks: AtomicU64,
    /// Of each task of the run, what it announced last.
    places: [AtomicPlace; TASKS],
    /// The tasks of the run that have names.
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

/// An OS thread that explores, as it was when it was looked at last.
struct Watched {
    pulse: Weak<Pulse>,
    steps: u64,
    /// Since when it has made no step.
    since: Instant,
    is_told: bool,
}

static WATCHED: Mutex<Vec<Watched>> = Mutex::new(Vec::new());

/// Nothing is explored, and the watchdog waits for this to change.
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
            is_told: false,
        });
        pulse
    };
}

impl Pulse {
    /// This OS thread's, for an exploration that may make no step for this long. Zero is for ever.
    pub(crate) fn own(limit: Duration) -> Arc<Self> {
        static WATCHDOG: Once = Once::new();
        let pulse = OWN.with(Arc::clone);
        pulse.limit.store(limit.as_millis().try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
        if !limit.is_zero() {
            // Without an OS thread for it, there is no watchdog.
            WATCHDOG
                .call_once(|| drop(thread::Builder::new().name("selvedge-watchdog".to_owned()).spawn(watch)));
        }
        pulse
    }

    /// A run begins.
    pub(crate) fn begin_run(&self) {
        self.tasks.store(0, Ordering::Relaxed);
        self.step();
        self.is_running.store(true, Ordering::SeqCst);
        if IS_IDLE.load(Ordering::SeqCst) {
            let _watched = watched();
            WAKES.notify_all();
        }
    }

    /// The run has ended.
    pub(crate) fn stop(&self) {
        self.is_running.store(false, Ordering::Relaxed);
    }

    /// A task of the run is spawned.
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

    /// A task announces an operation.
    #[inline]
    pub(crate) fn beat(&self, task: TaskId, source: &'static Location<'static>) {
        self.places[task as usize].store(Some(source));
        self.current.store(task, Ordering::Relaxed);
        self.step();
    }

    /// A task goes on.
    #[inline]
    pub(crate) fn resume(&self, task: TaskId) {
        self.current.store(task, Ordering::Relaxed);
        self.step();
    }

    #[inline]
    fn step(&self) {
        // Nobody else writes it.
        self.steps.store(self.steps.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    fn name(&self, task: TaskId) -> String {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let named = names.iter().find(|(whose, _)| *whose == task).map(|(_, name)| name.clone());
        named.unwrap_or_else(|| if task == 0 { "main".to_owned() } else { format!("task {task}") })
    }

    /// What is to be told of an exploration that has made no step for this long.
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
        text += "All tasks run on one OS thread, which waits. Likely causes: a std::sync::Mutex, or another lock that the \
                 engine does not know, is wanted here, and one of the other tasks holds it across an operation (use the lock \
                 of selvedge_engine::sync); a call that blocks (a std channel, std::thread::sleep, a socket); a loop without \
                 an operation. If the task only computes for long, raise the time with Explorer::watchdog.\n";
        text
    }
}

impl Watched {
    /// Looks at it once more. Returns what is to be told, if it has just been without a step for too long.
    fn look(&mut self, pulse: &Pulse, now: Instant) -> Option<String> {
        let steps = pulse.steps.load(Ordering::Relaxed);
        if steps != self.steps || !pulse.is_running.load(Ordering::SeqCst) {
            (self.steps, self.since, self.is_told) = (steps, now, false);
            return None;
        }
        let (limit, time) = (pulse.limit.load(Ordering::Relaxed), now.duration_since(self.since));
        let is_late = limit > 0 && time.as_millis() >= u128::from(limit) && !self.is_told;
        self.is_told |= is_late;
        is_late.then(|| pulse.describe(time))
    }
}

/// Looks at all explorations, for ever.
fn watch() {
    let mut all = watched();
    loop {
        let (mut told, mut is_any_running, mut pause) = (Vec::new(), false, LOOK);
        all.retain_mut(|watched| {
            let Some(pulse) = watched.pulse.upgrade() else { return false };
            told.extend(watched.look(&pulse, Instant::now()));
            is_any_running |= pulse.is_running.load(Ordering::SeqCst);
            let limit = pulse.limit.load(Ordering::Relaxed).max(1);
            pause = pause.min(Duration::from_millis(limit).div_f32(4.0));
            true
        });
        if !told.is_empty() {
            drop(all);
            for text in told {
                // Not by `eprintln`, which a test's harness captures.
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
