//! Performing an operation: announces it, waits until it is scheduled, and returns its result.

use std::panic::Location;

use super::abort::raise;
use super::announce::Announced;
use super::condition;
use super::current::{DEFERRED, EXECUTION, check_run, with_if_any};
use super::granted::Granted;
use super::task::SharedCondition;
use super::wakes::send_deferred;
use crate::coroutine;
use crate::event::{CHOOSE, Pending};
use crate::history::foreign;

/// Announces an operation of the current task on objects of run `run`, and returns after its
/// execution. `None` outside an exploration.
pub(super) fn perform(run: u64, pending: &Pending) -> Option<Granted> {
    perform_when(run, pending, None)
}

/// Like [`perform`]. The operation is enabled only if `condition` holds for its locations' states.
pub(super) fn perform_when(
    run: u64,
    pending: &Pending,
    condition: Option<&SharedCondition>,
) -> Option<Granted> {
    let mut granted = Granted::default();
    let announced = EXECUTION.with(|execution| match execution.try_borrow_mut() {
        Ok(mut execution) => execution.as_mut().map(|execution| {
            check_run(execution, run);
            if DEFERRED.get() > 0 && execution.has_deferred_wakes() {
                return Announced::SendWakes;
            }
            let announced = execution.announce(pending, condition);
            granted = execution.turn.granted;
            announced
        }),
        Err(_) => None,
    });
    match announced {
        Some(Announced::Done) => Some(granted),
        Some(Announced::Wait) => {
            coroutine::suspend();
            let granted =
                with_if_any(|execution| (!execution.end.aborting).then_some(execution.turn.granted))?;
            // The operation was not executed: the run is aborted.
            granted.or_else(|| perform_when(run, pending, condition))
        }
        Some(Announced::Raise) => raise(),
        Some(Announced::SendWakes) => {
            send_deferred();
            perform_when(run, pending, condition)
        }
        // Outside an exploration, or in a condition that the exploration evaluates.
        None => {
            let is_evaluating = EXECUTION.with(|execution| execution.try_borrow().is_err());
            if run != 0 && !is_evaluating {
                foreign::refuse_use(run, Some(pending.source));
            }
            condition::load(run, pending, is_evaluating)
        }
    }
}

/// Executes an operation of the current task atomically with its previous event. An operation that
/// conflicts with it must also conflict with that event, or be enabled only after it: the
/// strategies examine only the first of the two.
pub(super) fn perform_with_previous(run: u64, pending: &Pending) {
    with_if_any(|execution| {
        check_run(execution, run);
        execution.perform_with_previous(pending, None);
    });
}

/// Chooses one of `alternatives`; all are explored. 0 outside an exploration.
#[track_caller]
pub(crate) fn choose(alternatives: u16) -> u16 {
    let pending = Pending::ruled(&[], &CHOOSE, u64::from(alternatives), Location::caller());
    let run = with_if_any(|execution| execution.history.registry.run()).unwrap_or(0);
    perform(run, &pending).map_or(0, |granted| granted.choice)
}

/// Announces an operation with an unknown effect.
#[track_caller]
pub(crate) fn opaque() {
    let run = with_if_any(|execution| execution.history.registry.run()).unwrap_or(0);
    perform(run, &Pending::opaque(Location::caller()));
}
