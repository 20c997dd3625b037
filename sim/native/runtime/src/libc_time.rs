//! The clocks of libc, on the engine's virtual clock.

use std::ffi::{c_int, c_long};

use selvedge_engine::native;

use crate::fs::in_task;
use crate::outside::outside;
use crate::program;
use crate::real::real;
use crate::site::{self, CallFrame};
use crate::tsan::framed;

const SECOND: u64 = 1_000_000_000;

/// The monotonic clocks at the start of a run, in nanoseconds.
const MONOTONIC: u64 = 1_000_000 * SECOND;

/// The real-time clock at the start of a run: the begin of 2030.
const REAL: u64 = 1_893_456_000 * SECOND;

/// The time of a futex operation's clock at the start of a run, in nanoseconds.
pub(crate) fn start_of(futex_operation: usize) -> u64 {
    if futex_operation as c_int & libc::FUTEX_CLOCK_REALTIME != 0 { REAL } else { MONOTONIC }
}

fn start_of_clock(clock: libc::clockid_t) -> u64 {
    match clock {
        libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE => REAL,
        _ => MONOTONIC,
    }
}

fn to_timespec(time: u64) -> libc::timespec {
    libc::timespec { tv_sec: (time / SECOND) as i64, tv_nsec: (time % SECOND) as c_long }
}

/// The duration in nanoseconds.
///
/// # Safety
///
/// The pointer must be valid.
unsafe fn duration(time: *const libc::timespec) -> u64 {
    // SAFETY: the caller's promise.
    let libc::timespec { tv_sec, tv_nsec } = unsafe { *time };
    (tv_sec.max(0) as u64).saturating_mul(SECOND).saturating_add(tv_nsec.max(0) as u64)
}

pub(crate) unsafe extern "C" fn get_time(
    clock: libc::clockid_t,
    to: *mut libc::timespec,
    _: u64,
    _: u64,
    _: u64,
    frame: *const CallFrame,
) -> c_int {
    if !in_task() {
        type Get = unsafe extern "C" fn(libc::clockid_t, *mut libc::timespec) -> c_int;
        // SAFETY: the caller's call.
        return unsafe { real!(clock_gettime: Get, clock, to) };
    }
    let now = outside(|| {
        program::end_step(frame as usize);
        if program::is_alone() {
            // Every sleep has ended before.
            return native::known_time();
        }
        let site = site::of(frame);
        let now = native::now(site.source);
        if site.waits {
            // What precompiled code does after it is not visible.
            program::with(|program| program.memory).opaque(site.source);
        }
        program::note(site, u32::MAX, false, site.waits);
        now
    });
    // SAFETY: the caller passes a place for the result.
    unsafe { *to = to_timespec(start_of_clock(clock).saturating_add(now)) };
    0
}

fn sleep_until(deadline: u64, frame: *const CallFrame) {
    program::end_step(frame as usize);
    // A loop that sleeps does not spin.
    program::with_task(|task| task.last_read = None);
    let site = site::of(frame);
    native::sleep_until(deadline, site.source);
    program::note(site, u32::MAX, false, false);
}

unsafe extern "C" fn sleep(
    time: *const libc::timespec,
    left: *mut libc::timespec,
    _: u64,
    _: u64,
    _: u64,
    frame: *const CallFrame,
) -> c_int {
    if !in_task() {
        type Sleep = unsafe extern "C" fn(*const libc::timespec, *mut libc::timespec) -> c_int;
        // SAFETY: the caller's call.
        return unsafe { real!(nanosleep: Sleep, time, left) };
    }
    // SAFETY: the caller passes a duration.
    let time = unsafe { duration(time) };
    outside(|| sleep_until(native::known_time().saturating_add(time), frame));
    0
}

unsafe extern "C" fn sleep_on_clock(
    clock: libc::clockid_t,
    flags: c_int,
    time: *const libc::timespec,
    left: *mut libc::timespec,
    _: u64,
    frame: *const CallFrame,
) -> c_int {
    if !in_task() {
        type Sleep =
            unsafe extern "C" fn(libc::clockid_t, c_int, *const libc::timespec, *mut libc::timespec) -> c_int;
        // SAFETY: the caller's call.
        return unsafe { real!(clock_nanosleep: Sleep, clock, flags, time, left) };
    }
    // SAFETY: the caller passes a duration.
    let time = unsafe { duration(time) };
    outside(|| match flags & libc::TIMER_ABSTIME {
        0 => sleep_until(native::known_time().saturating_add(time), frame),
        _ => sleep_until(time.saturating_sub(start_of_clock(clock)), frame),
    });
    0
}

unsafe extern "C" fn yield_now(_: u64, _: u64, _: u64, _: u64, _: u64, _: *const CallFrame) -> c_int {
    if in_task() {
        // Every order is explored anyway.
        return 0;
    }
    // SAFETY: the caller's call.
    unsafe { real!(sched_yield: unsafe extern "C" fn() -> c_int,) }
}

framed! {
    clock_gettime => get_time;
    nanosleep => sleep;
    clock_nanosleep => sleep_on_clock;
    sched_yield => yield_now;
}
