//! What tasks have still to do before whatever they do next: wake-ups that they have called for.

use std::mem;
use std::panic::Location;

use super::current::{OWED, with_if_any};
use super::perform::perform;
use crate::event::{Action, LocationId, Pending};
use crate::history::foreign;

/// A wake-up that a task has called for. It is sent when the task next does something, and not at once: whoever called
/// for it may hold a lock that the engine does not know, with which no other task may be let in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wake {
    pub(super) location: LocationId,
    pub(super) run: u64,
    pub(super) source: &'static Location<'static>,
}

/// The current task calls for a wake-up.
pub(super) fn owe(wake: Wake) {
    let owed = with_if_any(|execution| {
        if let Some(state) = &mut execution.state {
            state.wakes();
        }
        let wakes = &mut execution.tasks[execution.current as usize].rare().wakes;
        if !wakes.contains(&wake) {
            wakes.push(wake);
            OWED.set(OWED.get() + 1);
        }
    });
    if owed.is_none() {
        // Not a panic: the caller is in the midst of foreign code.
        foreign::intrude(wake.run, Some(wake.source));
    }
}

/// Sends the wake-ups that the current task has called for.
#[inline]
pub(crate) fn send_wakes() {
    if OWED.get() > 0 {
        send_owed();
    }
}

#[cold]
pub(super) fn send_owed() {
    let owed = with_if_any(|execution| {
        let rare = execution.tasks[execution.current as usize].rare.as_mut();
        let wakes = rare.map_or_else(Vec::new, |rare| mem::take(&mut rare.wakes));
        OWED.set(OWED.get() - wakes.len());
        wakes
    });
    for wake in owed.into_iter().flatten() {
        perform(wake.run, &Pending::one(wake.location, Action::Update(1), wake.source));
    }
}

/// Whether any task has something to do before whatever it does next.
#[inline]
pub(crate) fn owing() -> bool {
    OWED.get() > 0
}
