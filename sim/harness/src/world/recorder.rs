//! Records the history of an execution.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::backends::Simulated;
use crate::history::{Call, History, Key, Mark, OperationId, Reply, Specification, Value};
use crate::monitor::Watch;

/// The history of the current execution.
///
/// An engine with happens-before gives each event its name and each response its clock. For the
/// other engines the run's own order is used: each moment is one event of one task, so that an
/// operation precedes another if it ended first in this run.
///
/// The cache reports its writes. The operation's [`Specification`] determines which of them make a
/// version.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    history: Mutex<History>,
    moments: AtomicU32,
    /// Receives the events instead of the history, if the run has a monitor.
    watch: Mutex<Option<Watch>>,
    specification: OnceLock<Specification>,
}

impl Recorder {
    /// The history so far.
    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends the next execution's events to this monitor instead of the history.
    pub(crate) fn watched_by(&self, watch: Watch) {
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = Some(watch);
    }

    /// Notifies the monitor, if there is one.
    fn notify<R>(&self, of: impl FnOnce(&Watch) -> R) -> Option<R> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(of)
    }

    /// Reports a planned fault of this call of the thread to the monitor, if there is one.
    pub(super) fn plan_fault(&self, thread: usize, call: usize, fault: (u32, u32)) {
        // The engine's first task is the observer; the threads follow.
        self.notify(|watch| watch.plan_fault(thread as u32 + 1, call as u32, fault));
    }

    /// Whether the run has a monitor.
    pub(super) fn is_watched(&self) -> bool {
        self.notify(|_| ()).is_some()
    }

    /// Records that the operation has sent a command that executes later, or never.
    pub(super) fn sent_late(&self, operation: OperationId) {
        self.notify(|watch| watch.sent_late(operation));
    }

    /// Records that such a command has executed, or is discarded.
    pub(super) fn arrived(&self, operation: OperationId) {
        self.notify(|watch| watch.arrived(operation));
    }

    /// Starts an execution. All executions have the same specification. `by_node`: see
    /// [`History::is_by_node`].
    pub(crate) fn begin(&self, by_node: bool, specification: impl FnOnce() -> Specification) {
        self.specification.get_or_init(specification);
        let mut history = self.history();
        history.clear();
        if by_node {
            history.judge_by_node();
        }
        drop(history);
        self.moments.store(0, Ordering::Relaxed);
    }

    /// Adds the versions of the key before the threads start.
    pub(crate) fn starts_with(&self, key: Key, versions: impl Iterator<Item = Option<Value>>) {
        let mut history = self.history();
        versions.for_each(|content| history.start_with(key, content));
    }

    fn specification(&self) -> &Specification {
        self.specification.get().expect("an execution has begun")
    }

    fn moment(&self) -> u32 {
        self.moments.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn next_event<P: Simulated>(&self) -> Mark {
        P::next_event().unwrap_or_else(|| Mark { task: 0, index: self.moment() })
    }

    /// Records an invocation on a node by a thread.
    pub(crate) fn invoke<P: Simulated>(
        &self,
        (node, thread): (u32, usize),
        key: Key,
        call: Call,
        settled: bool,
    ) -> OperationId {
        let first = self.next_event::<P>();
        let watched = self.notify(|watch| watch.call(first.task, node, key, call, settled));
        let invoke = || self.history().invoke_at(node, thread, key, call, first, settled);
        let operation = watched.unwrap_or_else(invoke);
        P::enter(operation);
        operation
    }

    /// Records a response.
    pub(crate) fn respond<P: Simulated>(&self, operation: OperationId, reply: Reply) {
        if self.notify(|watch| watch.answer(operation, reply)).is_some() {
            return;
        }
        if reply == Reply::Done {
            let at = self.last_event::<P>();
            self.history().acknowledged(self.specification(), operation, at);
        }
        let known = P::causal_clock(|clock| self.history().respond(operation, reply, clock.iter().copied()));
        if known.is_none() {
            let moment = self.moment();
            self.history().respond(operation, reply, [moment]);
        }
    }

    /// Records the content from which the update computes its value.
    pub(super) fn based_on(&self, update: OperationId, content: Option<Value>) {
        if self.notify(|watch| watch.based_on(update, content)).is_none() {
            self.history().based_on(update, content);
        }
    }

    /// The keys that the operation must write, and has neither written itself nor found written.
    pub(super) fn owed(&self, operation: OperationId) -> Vec<Key> {
        let watched = self.notify(|watch| watch.owed(operation));
        watched.unwrap_or_else(|| self.history().owed(self.specification(), operation))
    }

    /// Records that the calling thread wrote to the source of truth in its last event.
    pub(crate) fn written<P: Simulated>(&self, key: Key, content: Option<Value>) {
        let current = current::<P>();
        if self.notify(|watch| watch.written(current, key, content)).is_some() {
            return;
        }
        let at = self.last_event::<P>();
        let wrote = |clock: &[u32]| {
            self.history().wrote(self.specification(), (key, content), current, at, clock);
        };
        if P::causal_clock(wrote).is_none() {
            wrote(&[]);
        }
    }

    /// Records that the calling thread found this content at the source of truth in its last event.
    pub(crate) fn found<P: Simulated>(&self, key: Key, content: Option<Value>) {
        let Some(current) = current::<P>() else { return };
        if self.notify(|watch| watch.found(current, key, content)).is_none() {
            let at = self.last_event::<P>();
            self.history().found(self.specification(), (key, content), current, at);
        }
    }

    /// Records that the key expired at the source of truth in the calling thread's last event.
    pub(crate) fn expired<P: Simulated>(&self, key: Key) {
        if self.notify(|watch| watch.expired(key)).is_none() {
            let at = self.last_event::<P>();
            self.history().expired(key, at);
        }
    }

    fn last_event<P: Simulated>(&self) -> Mark {
        let mut at = self.next_event::<P>();
        if P::next_event().is_some() {
            at.index -= 1;
        }
        at
    }
}

/// The operation that the calling thread executes, if any.
fn current<P: Simulated>() -> Option<OperationId> {
    Some(P::current()).filter(|&current| current != OperationId::MAX)
}
