//! The engine operations that a simulation needs beyond the cache's primitives.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use selvedge::sync::{Entry, Insertion, Map, Mutex, Primitives};
use selvedge_engine::{Alike, Script};

use crate::history::{Key, Mark, OperationId};
use crate::verdict::Budget;

/// Primitives that belong to an engine, with threads and a clock that the test sets. A world that
/// uses only this trait runs on every engine.
///
/// Call all functions except [`explore`](Simulated::explore) inside an exploration: primitives live
/// for one execution.
pub trait Simulated: Primitives {
    /// A handle to a spawned thread.
    type JoinHandle: Send;

    /// The maximum number of threads beside the initial one; `None` if unlimited.
    const MOST_THREADS: Option<usize> = None;

    /// Spawns a thread.
    #[track_caller]
    fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Self::JoinHandle;

    /// Spawns a thread for each script. The thread calls `perform` with each operation in order,
    /// and retains no state between operations: all shared state is in the primitives. Waits for
    /// all threads to end.
    fn scripted<S, O>(
        shared: &Arc<S>,
        scripts: impl IntoIterator<Item = (Script<O>, Alike)>,
        perform: fn(&S, &O),
    ) where
        S: Send + Sync + 'static,
        O: Send + 'static,
    {
        let spawn = |(Script { name, operations }, _): (Script<O>, Alike)| {
            let shared = Arc::clone(shared);
            Self::spawn(&name, move || operations.iter().for_each(|operation| perform(&shared, operation)))
        };
        let threads: Vec<_> = scripts.into_iter().map(spawn).collect();
        threads.into_iter().for_each(Self::join);
    }

    /// Waits for the thread to end. Propagates its panic.
    #[track_caller]
    fn join(handle: Self::JoinHandle);

    /// Creates a clock at zero. If it does not move, reading it is not a step.
    #[track_caller]
    fn clock(moves: bool) -> Self::Clock;

    /// Advances the clock and its clones.
    ///
    /// # Panics
    ///
    /// If the clock was created as one that does not move.
    #[track_caller]
    fn advance(clock: &Self::Clock, by: Duration);

    /// A lock around a value that its hash identifies: stateful search ignores which task stored
    /// it.
    #[track_caller]
    fn hashed<T: Hash + Send + 'static>(name: &'static str, value: T) -> Self::Mutex<T> {
        Self::Mutex::new(name, value)
    }

    /// Stores a value and runs `written` in the same step, before any other task can read the
    /// value.
    #[track_caller]
    fn put<V: Entry>(map: &Self::Map<Key, V>, key: Key, value: V, written: impl FnOnce()) {
        map.insert_if(key, value, || {
            written();
            true
        });
    }

    /// Stores a value if `check` accepts the current one, and then runs `written`: all in one step.
    /// Returns whether it stored the value.
    #[track_caller]
    fn put_if<V: Entry>(
        map: &Self::Map<Key, V>,
        key: Key,
        value: V,
        check: impl FnOnce(Option<&V>) -> bool,
        written: impl FnOnce(),
    ) -> bool {
        let put = map.insert_with(key, |held| {
            check(held.map(|(held, _)| held)).then(|| {
                written();
                (value, 0)
            })
        });
        !matches!(put, Insertion::Refused)
    }

    /// Changes a value in one step: replaces it with the first result of `change`. `shown`
    /// describes the step, given the second result, which is returned.
    #[track_caller]
    fn amend<V: Entry, T>(
        map: &Self::Map<Key, V>,
        key: Key,
        change: impl FnOnce(Option<&V>) -> (V, T),
        shown: impl FnOnce(&T) -> String,
    ) -> T {
        let _ = shown;
        let mut result = None;
        map.insert_with(key, |held| {
            let (value, its) = change(held.map(|(held, _)| held));
            result = Some(its);
            Some((value, 0))
        });
        result.expect("an insertion runs its closure")
    }

    /// The maps that are created from now on belong to this node, for traces.
    fn building(node: usize) {
        let _ = node;
    }

    /// Waits until no other thread is enabled. Returns one line for each blocked thread, with the
    /// reason. Does nothing on engines where caches spawn no threads.
    #[track_caller]
    fn quiesce() -> Vec<String> {
        Vec::new()
    }

    /// A step that conflicts with every other operation on the key, and changes nothing.
    #[track_caller]
    fn order<V: Entry>(map: &Self::Map<Key, V>, key: Key) {
        map.remove_unless(&key, |_, tag| Some(tag));
    }

    /// Begins an execution: no thread is in an operation.
    fn begin() {
        Self::enter(OperationId::MAX);
    }

    /// Begins an operation of the calling thread, or ends it with [`OperationId::MAX`].
    fn enter(operation: OperationId);

    /// The calling thread's current operation.
    fn current() -> OperationId;

    /// The identifier of the calling thread's next event. `None` if the engine does not report
    /// happens-before.
    fn next_event() -> Option<Mark> {
        None
    }

    /// Passes the calling thread's vector clock to `read`: for each task, the number of its events
    /// that happen before the thread's next event. Returns `None` if the engine does not report
    /// happens-before.
    fn causal_clock<R>(read: impl FnOnce(&[u32]) -> R) -> Option<R> {
        let _ = read;
        None
    }

    /// Chooses one of `0..alternatives`; each is explored in its own schedules. `what` describes a
    /// choice for the trace.
    ///
    /// # Panics
    ///
    /// If the engine does not support choices. It then cannot run a case with faults.
    #[track_caller]
    fn choose(alternatives: usize, what: impl FnOnce(usize) -> Option<String>) -> usize {
        let _ = (alternatives, what);
        panic!("this engine does not support choices: run cases with faults or drops on our engine")
    }

    /// Reports a digest of the values that the calling thread has read. An engine that detects
    /// uninstrumented shared state compares it between schedules.
    fn observed(digest: u64) {
        let _ = digest;
    }

    /// The calling thread forgets its history: see [`forget`](selvedge_engine::forget). Does
    /// nothing on engines that do not compare states.
    fn forget() {}

    /// Runs `execution` once for each schedule of the engine's exhaustive search. Checks the time
    /// budget between executions. Panics at the first panic or deadlock.
    fn explore(budget: Budget, execution: impl Fn() + Send + Sync + 'static) -> Search;
}

/// The extent of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// The number of executions.
    pub executions: u64,
    /// Whether the search ran all executions. `false` if the budget was spent, even if no execution
    /// was left.
    pub complete: bool,
}

impl Search {
    /// loom and shuttle do not report that their budget has ended: it is derived from the spent
    /// budget.
    #[cfg(any(feature = "loom", feature = "shuttle"))]
    pub(super) fn within(budget: Budget, executions: u64, spent: Duration) -> Self {
        let left = budget.schedules.is_none_or(|most| executions < most)
            && budget.time.is_none_or(|most| spent < most);
        Search { executions, complete: left }
    }
}
