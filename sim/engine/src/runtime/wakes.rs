//! Deferred wakeups, which a task sends before its next operation.

use std::mem;
use std::panic::Location;

use super::current::{DEFERRED, with_if_any};
use super::perform::perform;
use crate::event::{Action, LocationId, Pending};
use crate::history::foreign;

/// A deferred wakeup. The task sends it before its next operation and not at once: the caller of
/// the waker may hold a lock that the engine does not know, and must not be interrupted while it
/// does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wake {
    pub(super) location: LocationId,
    pub(super) run: u64,
    pub(super) source: &'static Location<'static>,
}

/// Defers a wakeup of the current task.
pub(super) fn defer(wake: Wake) {
    let deferred = with_if_any(|execution| {
        if let Some(state) = &mut execution.state {
            state.wakes();
        }
        let wakes = &mut execution.tasks[execution.turn.current as usize].rare().wakes;
        if !wakes.contains(&wake) {
            wakes.push(wake);
            DEFERRED.set(DEFERRED.get() + 1);
        }
    });
    if deferred.is_none() {
        // No panic, because the caller is foreign code.
        foreign::report_use(wake.run, Some(wake.source));
    }
}

/// Sends the deferred wakeups of the current task.
#[inline]
pub(crate) fn send_wakes() {
    if DEFERRED.get() > 0 {
        send_deferred();
    }
}

#[cold]
pub(super) fn send_deferred() {
    let deferred = with_if_any(|execution| {
        let rare = execution.tasks[execution.turn.current as usize].rare.as_mut();
        let wakes = rare.map_or_else(Vec::new, |rare| mem::take(&mut rare.wakes));
        DEFERRED.set(DEFERRED.get() - wakes.len());
        wakes
    });
    for wake in deferred.into_iter().flatten() {
        perform(wake.run, &Pending::one(wake.location, Action::Update(1), wake.source));
    }
}

/// Whether any task has deferred wakeups.
#[inline]
pub(crate) fn has_deferred_wakes() -> bool {
    DEFERRED.get() > 0
}
