//! The monitor of a run, as the run and the search use it.

use std::any::Any;
use std::hash::Hasher;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use selvedge_engine::Monitor;

use super::name::OperationName;
use super::planned::Planned;
use super::state::{FaultId, State, StepReport};
use super::versions::Content;
use crate::history::{Call, Key, OperationId, Reply};

/// Observations in any of the runs.
#[derive(Debug, Default)]
pub(crate) struct Noticed {
    /// A read overlapped or followed a write of its key.
    pub(crate) has_met: AtomicBool,
    /// The value of a failed write [has landed](Planned::failed_may_land): the findings do not
    /// count.
    pub(crate) is_surprised: AtomicBool,
}

/// The monitor of a run. Clones share its state.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    state: Arc<Mutex<State>>,
    noticed: Arc<Noticed>,
}

impl Watch {
    /// Starts a run.
    pub(crate) fn new(planned: &Arc<Planned>, noticed: &Arc<Noticed>) -> Self {
        Watch { state: Arc::new(Mutex::new(State::new(planned))), noticed: Arc::clone(noticed) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a planned fault of this call of the task. It is part of the state until the
    /// operation has returned. Only until then can the task's behaviour depend on it other than
    /// through objects.
    pub(crate) fn plan_fault(&self, task: u32, call: u32, fault: FaultId) {
        self.state().pending_faults.insert((OperationName { task, call }, fault));
    }

    /// Records the call of an operation, which begins with the task's next event. Returns its
    /// number.
    pub(crate) fn call(&self, task: u32, node: u32, key: Key, call: Call, settled: bool) -> OperationId {
        self.state().call(task, node, key, call, settled)
    }

    /// Records that the last event, of a task in operation `current` or in none, wrote to the
    /// source of truth.
    pub(crate) fn written(&self, current: Option<OperationId>, key: Key, content: Content) {
        let mut state = self.state();
        state.written(current, key, content);
        if state.is_surprised {
            self.noticed.is_surprised.store(true, Ordering::Relaxed);
        }
    }

    /// Records that the key expired at the source of truth in the last event.
    pub(crate) fn expired(&self, key: Key) {
        self.state().expired(key);
    }

    /// Records that the last event, of a task in operation `current`, found this content at the
    /// source of truth.
    pub(crate) fn found(&self, current: OperationId, key: Key, content: Content) {
        self.state().found_there(current, key, content);
    }

    /// Records the content from which the update computes its value.
    pub(crate) fn based_on(&self, update: OperationId, content: Content) {
        self.state().based_on(update, content);
    }

    /// The keys that the operation must write, and has neither written itself nor found written.
    pub(crate) fn owed(&self, operation: OperationId) -> Vec<Key> {
        self.state().owed(operation)
    }

    /// Records that the operation has sent a command that executes later, or never.
    pub(crate) fn sent_late(&self, operation: OperationId) {
        self.state().sent_late(operation);
    }

    /// Records that such a command has executed, or is discarded.
    pub(crate) fn arrived(&self, operation: OperationId) {
        self.state().arrived(operation);
    }

    /// Records the response, in its task's last event.
    pub(crate) fn answer(&self, operation: OperationId, reply: Reply) {
        if self.state().answer(operation, reply) {
            self.noticed.has_met.store(true, Ordering::Relaxed);
        }
    }
}

impl Monitor for Watch {
    fn step(&self, task: u32) {
        self.state().step(task);
    }

    fn hash(&self, to: &mut dyn Hasher) {
        self.state().hash(to);
    }

    fn hash_task(&self, task: u32, to: &mut dyn Hasher) {
        self.state().hash_task(task, to);
    }

    fn hash_pending_effects(&self, task: u32, to: &mut dyn Hasher) {
        self.state().hash_pending_effects(task, to);
    }

    fn is_touched(&self) -> bool {
        self.state().is_touched
    }

    fn reports(&self) -> Option<Rc<dyn Any>> {
        let reports = self.state().reports.clone()?;
        Some(Rc::new(reports))
    }

    fn after(&self, task: u32, reports: Option<&dyn Any>) -> Option<Rc<dyn Monitor>> {
        let reports = match reports {
            Some(reports) => reports.downcast_ref::<Vec<StepReport>>()?.as_slice(),
            None => &[],
        };
        let mut state = self.state().clone();
        if state.repeat(task, reports) {
            self.noticed.has_met.store(true, Ordering::Relaxed);
        }
        Some(Rc::new(Watch { state: Arc::new(Mutex::new(state)), noticed: Arc::clone(&self.noticed) }))
    }

    fn found(&self) -> u64 {
        self.state().found
    }
}
