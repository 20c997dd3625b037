//! OS threads that the engine does not schedule, and that use its objects all the same.
//!
//! Such a thread has no exploration of its own, and the object would behave as std's does: the search would go on, and miss
//! every order with what the thread does. So an object is told apart by the number of the run that made it, which is unique
//! in the process, and the exploration is told.

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::text::place;

/// By how much the numbers of the runs of one exploration are apart from those of the next.
const RUNS: u32 = 40;

/// An exploration that is going on.
struct Going {
    /// The OS thread that it runs on.
    thread: ThreadId,
    /// What another OS thread did.
    intrusion: Option<String>,
}

static GOING: Mutex<BTreeMap<u64, Going>> = Mutex::new(BTreeMap::new());

/// Some exploration has an intrusion.
static ANY: AtomicBool = AtomicBool::new(false);

fn going() -> MutexGuard<'static, BTreeMap<u64, Going>> {
    GOING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An exploration of this OS thread, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Exploration(u64);

impl Exploration {
    pub(crate) fn begin() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // So that the numbers of runs are above 0, whichever exploration it is.
        let number = NEXT.fetch_add(1, Ordering::Relaxed) % (1 << (u64::BITS - RUNS));
        going().insert(number, Going { thread: thread::current().id(), intrusion: None });
        Exploration(number)
    }

    /// The number after which it counts its runs.
    pub(crate) fn first_run(&self) -> u64 {
        self.0 << RUNS
    }

    /// What another OS thread did to the objects of its runs, if one did anything.
    #[inline]
    pub(crate) fn intrusion(&self) -> Option<String> {
        if ANY.load(Ordering::Relaxed) { going().get(&self.0)?.intrusion.clone() } else { None }
    }
}

impl Drop for Exploration {
    fn drop(&mut self) {
        going().remove(&self.0);
    }
}

/// The current OS thread, which runs no exploration or another one, uses an object of this run. Returns what that means, if
/// the run's exploration is going on elsewhere: it is told the same.
#[cold]
pub(crate) fn intrude(run: u64, source: Option<&'static Location<'static>>) -> Option<String> {
    if run == 0 {
        return None;
    }
    let mut going = going();
    let its = going.get_mut(&(run >> RUNS)).filter(|its| its.thread != thread::current().id())?;
    let at = source.map_or_else(String::new, |source| format!(", at {}", place(source)));
    let thread = thread::current();
    let name = thread.name().map_or_else(|| "without a name".to_owned(), |name| format!("`{name}`"));
    let text = format!(
        "an OS thread that the engine does not schedule ({name}) uses an object of a run{at}: no order with what it does is \
         explored. Spawn it with selvedge_engine's thread::spawn or future::spawn, and not with std::thread::spawn, \
         tokio::spawn, rayon or another pool; what a real thread has to compute, compute before the exploration"
    );
    its.intrusion.get_or_insert_with(|| text.clone());
    ANY.store(true, Ordering::Relaxed);
    Some(text)
}

/// As [`intrude`], for an operation: does not go on with it.
///
/// # Panics
///
/// If the run's exploration is going on elsewhere, unless the OS thread unwinds already.
#[cold]
#[track_caller]
pub(crate) fn refuse_intrusion(run: u64, source: Option<&'static Location<'static>>) {
    if let Some(text) = intrude(run, source)
        && !thread::panicking()
    {
        panic!("{text}");
    }
}
