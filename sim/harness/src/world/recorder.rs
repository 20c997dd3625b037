//! Notes the history of an execution as it happens.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::backends::Simulated;
use crate::history::{Call, History, Key, Mark, OperationId, Reply, Value};
use crate::monitor::Watch;

/// The history of the execution that is going on.
///
/// An engine that tells happens-before gives each event its name and each response its clock. For the others the run's
/// own order has to do: each moment is one event of one line, so that an operation precedes another if it ended first
/// in this very run.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    history: Mutex<History>,
    moments: AtomicU32,
    /// Who is told instead, if the run has a monitor.
    watch: Mutex<Option<Watch>>,
}

impl Recorder {
    /// The history so far.
    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The execution that is about to begin is watched: there is no history of it.
    pub(crate) fn watched_by(&self, watch: Watch) {
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = Some(watch);
    }

    /// Tells whoever watches, if anybody does.
    fn tell<R>(&self, of: impl FnOnce(&Watch) -> R) -> Option<R> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(of)
    }

    /// Something is to go wrong with this call of the thread. If somebody watches, it is theirs to know, and nobody else has to
    /// remember it.
    pub(super) fn goes_wrong(&self, thread: usize, call: usize, mishap: (u32, u32)) {
        // The engine's first task is the observer, and then come the threads.
        self.tell(|watch| watch.goes_wrong(thread as u32 + 1, call as u32, mishap));
    }

    /// Whether somebody watches.
    pub(super) fn is_watched(&self) -> bool {
        self.tell(|_| ()).is_some()
    }

    /// The operation has sent a command that is carried out at some later point, or never.
    pub(super) fn sent_late(&self, operation: OperationId) {
        self.tell(|watch| watch.sent_late(operation));
    }

    /// Such a command has been carried out, or will not be any more.
    pub(super) fn arrived(&self, operation: OperationId) {
        self.tell(|watch| watch.arrived(operation));
    }

    /// An execution begins.
    pub(crate) fn begin(&self) {
        self.history().clear();
        self.moments.store(0, Ordering::Relaxed);
    }

    /// The source of truth has been through these versions of the key when the threads start.
    pub(crate) fn starts_with(&self, key: Key, versions: impl Iterator<Item = Option<Value>>) {
        let mut history = self.history();
        versions.for_each(|content| history.start_with(key, content));
    }

    fn moment(&self) -> u32 {
        self.moments.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn next_event<P: Simulated>(&self) -> Mark {
        P::next_event().unwrap_or_else(|| Mark { task: 0, index: self.moment() })
    }

    /// An operation is called.
    pub(crate) fn invoke<P: Simulated>(
        &self,
        thread: usize,
        key: Key,
        call: Call,
        settled: bool,
    ) -> OperationId {
        let first = self.next_event::<P>();
        let told = self.tell(|watch| watch.call(first.task, key, call, settled));
        let operation = told.unwrap_or_else(|| self.history().invoke(thread, key, call, first, settled));
        P::enter(operation);
        operation
    }

    /// An operation answers.
    pub(crate) fn respond<P: Simulated>(&self, operation: OperationId, reply: Reply) {
        if self.tell(|watch| watch.answer(operation, reply)).is_some() {
            return;
        }
        let known = P::causal_clock(|clock| self.history().respond(operation, reply, clock.iter().copied()));
        if known.is_none() {
            let moment = self.moment();
            self.history().respond(operation, reply, [moment]);
        }
    }

    /// The calling thread has written to the source of truth, in its last event.
    pub(crate) fn written<P: Simulated>(&self, key: Key, content: Option<Value>) {
        if self.tell(|watch| watch.written(P::current(), key, content)).is_some() {
            return;
        }
        let at = self.last_event::<P>();
        self.history().written(key, content, P::current(), at);
    }

    /// The source of truth has lost the key in the calling thread's last event, because its deadline had passed.
    pub(crate) fn expired<P: Simulated>(&self, key: Key) {
        if self.tell(|watch| watch.expired(key)).is_none() {
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
