//! What a simulation asks of an engine beyond the cache's primitives.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use selvedge::sync::{Entry, Map, Mutex, Primitives};
use selvedge_engine::{Alike, Script};

use crate::history::{Key, Mark, OperationId};
use crate::verdict::Budget;

/// Primitives that belong to an engine, with what a test needs around the cache: threads, and a clock that it can set.
/// A world that is written against this runs on every engine.
///
/// All but [`explore`](Simulated::explore) is to be called inside of it: primitives live for one execution.
pub trait Simulated: Primitives {
    /// A thread that has been spawned.
    type JoinHandle: Send;

    /// How many threads an execution can have beside the one that it begins with, if not any number.
    const MOST_THREADS: Option<usize> = None;

    /// Spawns a thread.
    #[track_caller]
    fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Self::JoinHandle;

    /// Spawns a thread for each script, which calls `perform` with each of its operations in turn, and keeps nothing from
    /// one to the next. What operations leave for later ones is in the primitives. Waits until all threads have ended.
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

    /// Waits until the thread has ended. If it panicked, so does this.
    #[track_caller]
    fn join(handle: Self::JoinHandle);

    /// A clock that shows zero. If it does not move, to read it is no step.
    #[track_caller]
    fn clock(moves: bool) -> Self::Clock;

    /// Puts the clock, and each of its clones, forward.
    ///
    /// # Panics
    ///
    /// If it was made as one that does not move.
    #[track_caller]
    fn advance(clock: &Self::Clock, by: Duration);

    /// A lock around a value that is known by its hash: a search of states need not tell apart who has left it there.
    #[track_caller]
    fn hashed<T: Hash + Send + 'static>(name: &'static str, value: T) -> Self::Mutex<T> {
        Self::Mutex::new(name, value)
    }

    /// Puts a value there, and runs `written` in the same step: nobody sees the value before.
    #[track_caller]
    fn put<V: Entry>(map: &Self::Map<Key, V>, key: Key, value: V, written: impl FnOnce()) {
        map.insert_if(key, value, || {
            written();
            true
        });
    }

    /// Waits until no other thread can go on. Returns a line for each that is blocked: what it waits for. Nothing, where caches
    /// start no threads.
    #[track_caller]
    fn quiesce() -> Vec<String> {
        Vec::new()
    }

    /// A step that conflicts with each other on the key, and changes nothing.
    #[track_caller]
    fn order<V: Entry>(map: &Self::Map<Key, V>, key: Key) {
        map.remove_unless(&key, |_, tag| Some(tag));
    }

    /// An execution begins: no thread is in an operation.
    fn begin() {
        Self::enter(OperationId::MAX);
    }

    /// The calling thread begins an operation, or, with [`OperationId::MAX`], has ended one.
    fn enter(operation: OperationId);

    /// The operation that the calling thread began last.
    fn current() -> OperationId;

    /// The name of the calling thread's next event. `None` where the engine does not tell happens-before.
    fn next_event() -> Option<Mark> {
        None
    }

    /// Hands over the calling thread's vector clock: of each task, how many events happen before what it does next.
    /// `None` where the engine does not tell happens-before.
    fn causal_clock<R>(read: impl FnOnce(&[u32]) -> R) -> Option<R> {
        let _ = read;
        None
    }

    /// One of `0..alternatives`, each in schedules of its own. `what` says what a choice comes to, for the trace.
    ///
    /// # Panics
    ///
    /// Where the engine has no choices: then a case in which something may fail cannot be run.
    #[track_caller]
    fn choose(alternatives: usize, what: impl FnOnce(usize) -> Option<String>) -> usize {
        let _ = (alternatives, what);
        panic!("this engine cannot choose what fails: run cases with faults or drops on our own")
    }

    /// Says what the calling thread has observed, as a digest. An engine that checks whether it sees all that threads share
    /// compares it between schedules.
    fn observed(digest: u64) {
        let _ = digest;
    }

    /// The calling thread forgets how it has come here: see [`forget`](selvedge_engine::forget). Nothing, where nobody compares
    /// states.
    fn forget() {}

    /// Runs `execution` once for each schedule that the engine's exhaustive search comes up with. The budget's time is
    /// looked at between executions. Panics as soon as an execution panics or deadlocks.
    fn explore(budget: Budget, execution: impl Fn() + Send + Sync + 'static) -> Search;
}

/// How far a search came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// How many executions it made.
    pub executions: u64,
    /// Whether it made all of them. A search that used up its budget is not complete, even if it had just come to its
    /// end.
    pub complete: bool,
}

impl Search {
    /// loom and shuttle say nothing when their budget ends: what was spent has to tell.
    pub(super) fn within(budget: Budget, executions: u64, spent: Duration) -> Self {
        let left = budget.schedules.is_none_or(|most| executions < most)
            && budget.time.is_none_or(|most| spent < most);
        Search { executions, complete: left }
    }
}
