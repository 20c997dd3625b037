//! Opening files.
//!
//! std's `available_parallelism` reads the limits of the process' control group, and DashMap calls
//! it once in a process: here, once in each run. The file that begins it does not exist for a task,
//! so that the number of processors is the same on each machine with as many, and the run is short.

use std::ffi::{CStr, c_char, c_int, c_uint};

use crate::effects;
use crate::fs::in_task;
use crate::outside::outside;
use crate::real::real;

/// The file that names the control group of a process.
const CONTROL_GROUP: &CStr = c"/proc/self/cgroup";

/// `open64`. Its variadic argument is passed like a third parameter.
#[unsafe(no_mangle)]
unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    if in_task() {
        // SAFETY: the caller passes a path.
        if unsafe { CStr::from_ptr(path) } == CONTROL_GROUP {
            // SAFETY: the `errno` of the task.
            unsafe { *libc::__errno_location() = libc::ENOENT };
            return -1;
        }
        outside(|| effects::unmodelled("open64"));
    }
    type Open = unsafe extern "C" fn(*const c_char, c_int, c_uint) -> c_int;
    // SAFETY: the caller's call.
    unsafe { real!(open64: Open, path, flags, mode) }
}
