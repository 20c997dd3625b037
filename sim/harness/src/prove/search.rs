//! Searches a list of cases in order, by several workers, up to the first that fails.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::verdict::{CaseReport, Verdict};

/// The result of one search.
#[derive(Clone, Debug)]
pub(super) struct Searched {
    /// The index in the list.
    pub(super) at: usize,
    pub(super) report: CaseReport,
}

/// Whether the report shows a failure: a violation of the required level, or a crash.
pub fn fails(report: &CaseReport) -> bool {
    match report.verdict {
        Verdict::Violated(_) | Verdict::Deadlock | Verdict::Panic(_) | Verdict::Nondeterministic(_) => true,
        Verdict::Clean | Verdict::Vacuous | Verdict::Bounded(_) => false,
    }
}

/// Calls `search` for each index below `count`, by `jobs` workers. Stops at the first index whose
/// report fails, when all indexes before it have been searched; or when `search` returns `None`.
/// Calls `progress` with the number of completed searches. Returns the reports in the order of
/// their indexes, without those after the first failure: they do not depend on the number of
/// workers.
pub(super) fn in_order(
    count: usize,
    jobs: usize,
    search: &(dyn Fn(usize) -> Option<CaseReport> + Sync),
    progress: &(dyn Fn(usize) + Sync),
) -> Vec<Searched> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (first_failure, stopped) = (AtomicUsize::new(usize::MAX), AtomicBool::new(false));
    let all = Mutex::new(Vec::new());
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let is_over = at >= count || at > first_failure.load(Ordering::Relaxed);
            if is_over || stopped.load(Ordering::Relaxed) {
                return;
            }
            let Some(report) = search(at) else {
                stopped.store(true, Ordering::Relaxed);
                return;
            };
            if fails(&report) {
                first_failure.fetch_min(at, Ordering::Relaxed);
            }
            all.lock().unwrap_or_else(PoisonError::into_inner).push(Searched { at, report });
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        }
    };
    thread::scope(|scope| {
        // A search with one worker runs on the caller's thread.
        for _ in 1..jobs.min(count) {
            scope.spawn(work);
        }
        work();
    });
    let mut all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    let first_failure = first_failure.into_inner();
    all.retain(|searched| searched.at <= first_failure);
    all.sort_by_key(|searched| searched.at);
    all
}
