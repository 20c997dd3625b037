//! The number of processors, which a task sees as the same on each machine.

use std::ffi::{c_int, c_long, c_void};
use std::slice;

use crate::fs::in_task;
use crate::real::real;
use crate::site::CallFrame;
use crate::tsan::framed;

/// The number of processors that a task sees.
const PROCESSORS: usize = 2;

unsafe extern "C" fn on_sched_getaffinity(
    process: libc::pid_t,
    size: usize,
    to: *mut c_void,
    _: u64,
    _: u64,
    _: *const CallFrame,
) -> c_int {
    if in_task() {
        // SAFETY: the caller passes a set of this size.
        let set = unsafe { slice::from_raw_parts_mut(to.cast::<u8>(), size) };
        set.fill(0);
        set[0] = (1 << PROCESSORS) - 1;
        return 0;
    }
    type Get = unsafe extern "C" fn(libc::pid_t, usize, *mut c_void) -> c_int;
    // SAFETY: the caller's call.
    unsafe { real!(sched_getaffinity: Get, process, size, to) }
}

unsafe extern "C" fn on_sysconf(name: c_int, _: u64, _: u64, _: u64, _: u64, _: *const CallFrame) -> c_long {
    if in_task() && matches!(name, libc::_SC_NPROCESSORS_ONLN | libc::_SC_NPROCESSORS_CONF) {
        return PROCESSORS as c_long;
    }
    // SAFETY: the caller's call.
    unsafe { real!(sysconf: unsafe extern "C" fn(c_int) -> c_long, name) }
}

framed! {
    sched_getaffinity => on_sched_getaffinity;
    sysconf => on_sysconf;
}
