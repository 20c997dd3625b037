//! OS threads that use objects of an exploration although the engine does not schedule them.
//!
//! Such a thread has no exploration of its own, so the object would behave like std's: the search
//! would continue, and miss all orders with the thread's operations. Therefore each object stores
//! the number of the run that created it, unique in the process. A use by such a thread is reported
//! to the exploration of that run.

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::text::place;

/// Number of bits of a run's number within its exploration.
const RUNS: u32 = 40;

/// A running exploration.
struct RunningExploration {
    /// The OS thread that it runs on.
    thread: ThreadId,
    /// The first use of an object by another OS thread.
    foreign_use: Option<String>,
}

static EXPLORATIONS: Mutex<BTreeMap<u64, RunningExploration>> = Mutex::new(BTreeMap::new());

/// Whether any exploration has a foreign use.
static ANY: AtomicBool = AtomicBool::new(false);

fn explorations() -> MutexGuard<'static, BTreeMap<u64, RunningExploration>> {
    EXPLORATIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An exploration of this OS thread. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Exploration(u64);

impl Exploration {
    pub(crate) fn begin() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // The bits of a run's number that are not its number within the exploration.
        let number = NEXT.fetch_add(1, Ordering::Relaxed) % (1 << (u64::BITS - RUNS));
        explorations()
            .insert(number, RunningExploration { thread: thread::current().id(), foreign_use: None });
        Exploration(number)
    }

    /// The number before that of its first run.
    pub(crate) fn first_run(&self) -> u64 {
        self.0 << RUNS
    }

    /// The use of an object of its runs by another OS thread, if there was one.
    #[inline]
    pub(crate) fn foreign_use(&self) -> Option<String> {
        if ANY.load(Ordering::Relaxed) { explorations().get(&self.0)?.foreign_use.clone() } else { None }
    }
}

impl Drop for Exploration {
    fn drop(&mut self) {
        explorations().remove(&self.0);
    }
}

/// Reports that the current OS thread, which runs no exploration or another one, uses an object of
/// this run. Returns the message if the run's exploration is running on another OS thread, and
/// notifies that exploration.
#[cold]
pub(crate) fn report_use(run: u64, source: Option<&'static Location<'static>>) -> Option<String> {
    if run == 0 {
        return None;
    }
    let mut explorations = explorations();
    let owner =
        explorations.get_mut(&(run >> RUNS)).filter(|owner| owner.thread != thread::current().id())?;
    let at = source.map_or_else(String::new, |source| format!(", at {}", place(source)));
    let thread = thread::current();
    let name = thread.name().map_or_else(|| "without a name".to_owned(), |name| format!("`{name}`"));
    let text = format!(
        "an OS thread that the engine does not schedule ({name}) uses an object of a run{at}: no order with its \
         operations is explored. Spawn it with selvedge_engine's thread::spawn or future::spawn, and not with \
         std::thread::spawn, `tokio::spawn`, rayon or another pool. If an OS thread must compute a value, compute it \
         before the exploration"
    );
    owner.foreign_use.get_or_insert_with(|| text.clone());
    ANY.store(true, Ordering::Relaxed);
    Some(text)
}

/// Like [`report_use`], for an operation, which must not continue.
///
/// # Panics
///
/// If the run's exploration is running on another OS thread, unless the current OS thread is
/// already unwinding.
#[cold]
#[track_caller]
pub(crate) fn refuse_use(run: u64, source: Option<&'static Location<'static>>) {
    if let Some(text) = report_use(run, source)
        && !thread::panicking()
    {
        panic!("{text}");
    }
}
