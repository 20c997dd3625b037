//! The outcomes of a program over all its schedules.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use selvedge_engine::{Ending, Explorer, Report, thread};

/// Explores `body`, and returns its results. The caller checks panics and deadlocks.
pub(crate) fn explore<T: Ord + Send + 'static>(body: impl Fn() -> T + 'static) -> (Report, BTreeSet<T>) {
    let returned = Arc::new(Mutex::new(BTreeSet::new()));
    let all = Arc::clone(&returned);
    let report = Explorer::optimal().run(move || {
        let value = body();
        returned.lock().unwrap().insert(value);
    });
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(report.redundant, 0);
    let all = std::mem::take(&mut *all.lock().unwrap());
    (report, all)
}

/// The results of `body`. No schedule may panic or deadlock.
pub(crate) fn outcomes<T: Ord + Send + 'static>(body: impl Fn() -> T + 'static) -> BTreeSet<T> {
    let (report, all) = explore(body);
    assert_eq!((report.panics, report.deadlocks), (0, 0), "{report:?}");
    all
}

/// The messages of the panics of `body` that no task takes, over all schedules.
pub(crate) fn panics(body: impl Fn() + 'static) -> BTreeSet<String> {
    let mut messages = BTreeSet::new();
    let report = Explorer::optimal().run_each(body, |run| {
        if let Ending::Panic { report, .. } = run.ending() {
            messages.insert(report.message.clone());
        }
        ControlFlow::Continue(())
    });
    assert!(report.is_complete(), "{report:?}");
    messages
}

/// The number of classes of `body` that deadlock, and the total number.
pub(crate) fn deadlocks(body: impl Fn() + 'static) -> (u64, u64) {
    let (report, _) = explore(body);
    assert_eq!(report.panics, 0, "{report:?}");
    (report.deadlocks, report.executions)
}

/// The set of these values.
pub(crate) fn set<T: Ord, const N: usize>(values: [T; N]) -> BTreeSet<T> {
    values.into()
}

/// Spawns a task with its own reference to the shared value.
pub(crate) fn task<S, T>(
    shared: &Arc<S>,
    body: impl FnOnce(&S) -> T + Send + 'static,
) -> thread::JoinHandle<T>
where
    S: Send + Sync + 'static,
    T: Send + 'static,
{
    let shared = Arc::clone(shared);
    thread::spawn(move || body(&shared))
}

/// The value, once every task that shared it has ended.
pub(crate) fn take<S>(shared: Arc<S>) -> S {
    Arc::into_inner(shared).expect("every task has ended")
}
