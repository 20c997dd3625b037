//! Switches the randomisation of addresses off, so that a schedule can be replayed in another
//! process: some programs hash addresses, as parking_lot's table of waiting threads does.
//!
//! The kernel applies the setting to the next program that a process executes, so the process
//! executes itself again.

use std::ffi::{c_char, c_int};

/// Runs before `main`.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn(c_int, *const *const c_char, *const *const c_char) = execute_again;

extern "C" fn execute_again(_: c_int, arguments: *const *const c_char, environment: *const *const c_char) {
    const FIXED: c_int = libc::ADDR_NO_RANDOMIZE;
    // SAFETY: the strings end with zero bytes, and the loader passes the arguments and the
    // environment of the process. Where the setting is forbidden, as in some containers, the
    // process continues without it.
    unsafe {
        if libc::getenv(c"SELVEDGE_TEST".as_ptr()).is_null() {
            return;
        }
        let now = libc::personality(0xffff_ffff);
        if now == -1 || now & FIXED != 0 || libc::personality((now | FIXED) as _) == -1 {
            return;
        }
        if libc::personality(0xffff_ffff) & FIXED != 0 {
            libc::execve(c"/proc/self/exe".as_ptr(), arguments, environment);
        }
    }
}
