//! An event of the network: an operation of the current task, or of a server's task.

use std::panic::Location;

use selvedge_engine::native::{self, Memory};

use crate::program;
use crate::site::{self, CallFrame};

/// The call of the program that performs events.
#[derive(Clone, Copy)]
pub(crate) struct Caller {
    pub(super) memory: Memory,
    pub(super) source: &'static Location<'static>,
}

/// Performs the events of a call: at least one, in `act`.
pub(super) fn perform<R>(frame: *const CallFrame, act: impl FnOnce(Caller) -> R) -> R {
    program::end_step(frame as usize);
    let site = site::of(frame);
    let (memory, is_followed) =
        program::with(|program| (program.memory, program.learned.followed.contains(&site.id)));
    let before = native::set_opaque(is_followed);
    let result = act(Caller { memory, source: site.source });
    native::set_opaque(before);
    program::note(site, u32::MAX, false, is_followed);
    result
}

/// The memory of the run, for a server's task.
pub(super) fn memory() -> Memory {
    program::with(|program| program.memory)
}
