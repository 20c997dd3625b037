//! An event of the network: an operation of the current task, or of a server's task.

use std::panic::Location;

use selvedge_engine::native::{self, Memory, Waits};

use crate::site::{self, CallFrame};
use crate::{effects, program};

/// The call of the program that performs events.
#[derive(Clone, Copy)]
pub(crate) struct Caller {
    pub(super) memory: Memory,
    pub(super) source: &'static Location<'static>,
}

/// Performs the events of a call: at least one, in `act`.
pub(super) fn perform<R>(frame: *const CallFrame, act: impl FnOnce(Caller) -> R) -> R {
    program::end_step(frame as usize);
    // A loop that also performs these events does not spin.
    program::with_task(|task| task.last_read = None);
    let site = site::of(frame);
    let (memory, is_followed) =
        program::with(|program| (program.memory, program.learned.followed.contains(&site.id)));
    let before = native::set_opaque(is_followed);
    let result = act(Caller { memory, source: site.source });
    native::set_opaque(before);
    program::note(site, u32::MAX, false, is_followed);
    result
}

/// The number of time-outs of each thread in a run that may pass at any point. Each further one
/// passes when no other thread can continue: otherwise a program that waits again after each has
/// infinitely many schedules.
const EARLY: u32 = 2;

/// Waits with a deadline, in nanoseconds. `wait` performs the event, and returns its result and
/// whether the deadline has passed.
pub(super) fn until<R>(deadline: u64, caller: Caller, wait: impl FnOnce(Waits) -> (R, bool)) -> R {
    let may_be_early = program::with_task(|task| task.early_timeouts < EARLY);
    let before = selvedge_engine::step();
    let (result, is_late) = wait(if may_be_early { Waits::Ends } else { Waits::Idle(deadline) });
    if is_late && may_be_early {
        program::with_task(|task| task.early_timeouts += 1);
    }
    if !may_be_early && (!is_late || selvedge_engine::step() > before + 1) {
        effects::bounded(format!("at most {EARLY} time-outs of each thread before other threads"));
    }
    if is_late {
        native::sleep_until(deadline, caller.source);
    }
    result
}

/// The memory of the run, for a server's task.
pub(super) fn memory() -> Memory {
    program::with(|program| program.memory)
}
