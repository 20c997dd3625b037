//! Doing an operation: announcing it, waiting for its turn, and going on with what it came to.

use std::panic::Location;

use super::abandon::raise;
use super::announce::Announced;
use super::condition;
use super::current::{EXECUTION, OWED, check_run, with_if_any};
use super::granted::Granted;
use super::task::SharedCondition;
use super::wakes::send_owed;
use crate::coroutine;
use crate::event::{CHOOSE, Pending};
use crate::history::foreign;

/// Announces an operation of the current task on objects of run `run`, and returns once it has been executed. `None`
/// outside an exploration.
pub(super) fn perform(run: u64, pending: &Pending) -> Option<Granted> {
    perform_when(run, pending, None)
}

/// Like [`perform`], once `condition` holds of the location's state.
pub(super) fn perform_when(
    run: u64,
    pending: &Pending,
    condition: Option<&SharedCondition>,
) -> Option<Granted> {
    let mut granted = Granted::default();
    let announced = EXECUTION.with(|execution| match execution.try_borrow_mut() {
        Ok(mut execution) => execution.as_mut().map(|execution| {
            check_run(execution, run);
            if OWED.get() > 0 && execution.owes_wakes() {
                return Announced::Owing;
            }
            let announced = execution.announce(pending, condition);
            granted = execution.granted;
            announced
        }),
        Err(_) => None,
    });
    match announced {
        Some(Announced::Done) => Some(granted),
        Some(Announced::Wait) => {
            coroutine::suspend();
            let granted = with_if_any(|execution| (!execution.abandoning).then_some(execution.granted))?;
            // It was not the operation's turn: the run is abandoned.
            granted.or_else(|| perform_when(run, pending, condition))
        }
        Some(Announced::Raise) => raise(),
        Some(Announced::Owing) => {
            send_owed();
            perform_when(run, pending, condition)
        }
        // It is outside an exploration, or part of a condition that the exploration asks about.
        None => {
            let is_asking = EXECUTION.with(|execution| execution.try_borrow().is_err());
            if run != 0 && !is_asking {
                foreign::refuse_intrusion(run, Some(pending.source));
            }
            condition::load(run, pending, is_asking)
        }
    }
}

/// Does a step of the current task right after its last one. Whatever conflicts with it must conflict with that one, too,
/// or be possible only after it: the strategies look at the first of the two, and the other comes with it.
pub(super) fn glue(run: u64, pending: &Pending) {
    with_if_any(|execution| {
        check_run(execution, run);
        execution.glue(pending, None);
    });
}

/// Takes one of so many alternatives: every one is explored. The first outside an exploration.
#[track_caller]
pub(crate) fn choose(alternatives: u16) -> u16 {
    let pending = Pending::ruled(&[], &CHOOSE, u64::from(alternatives), Location::caller());
    let run = with_if_any(|execution| execution.registry.run()).unwrap_or(0);
    perform(run, &pending).map_or(0, |granted| granted.choice)
}

/// Announces something that is not known.
#[track_caller]
pub(crate) fn opaque() {
    let run = with_if_any(|execution| execution.registry.run()).unwrap_or(0);
    perform(run, &Pending::opaque(Location::caller()));
}
