//! The results of libc's functions on simulated descriptors, and the record of calls on others.

use std::ffi::c_int;

use crate::effects;
use crate::fs::in_task;
use crate::net;
use crate::outside::outside;

pub(crate) type Result<T> = std::result::Result<T, i32>;

/// Returns the value of a call, or sets `errno`.
pub(crate) fn finish(result: Result<usize>) -> isize {
    match result {
        Ok(value) => value as isize,
        Err(error) => {
            // SAFETY: the `errno` of the current thread control block.
            unsafe { *libc::__errno_location() = error };
            -1
        }
    }
}

/// Whether the call is one of a task on a simulated descriptor. Otherwise records that a task calls
/// `name`, if it does.
pub(crate) fn is_simulated(descriptor: c_int, name: &str) -> bool {
    if !in_task() {
        return false;
    }
    if net::is_virtual(descriptor) {
        return true;
    }
    outside(|| match name {
        "" => {}
        "read" => effects::unmodelled("read"),
        _ => refused(name),
    });
    false
}

pub(crate) fn refused(name: &str) {
    effects::incomplete(format!("the program calls {name}, which is not modelled"));
}
