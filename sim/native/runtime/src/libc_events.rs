//! Waiting for events with libc: epoll, poll, eventfd; and the flags of descriptors.

use std::ffi::{c_int, c_uint};
use std::slice;

use crate::fs::in_task;
use crate::libc_results::{finish, is_simulated, refused};
use crate::net;
use crate::outside::outside;
use crate::real::real;
use crate::site::CallFrame;
use crate::tsan::framed;

/// Variadic: the third argument is in the same register for each command.
unsafe extern "C" fn on_fcntl(
    descriptor: c_int,
    command: c_int,
    argument: usize,
    _: u64,
    _: u64,
    _: *const CallFrame,
) -> c_int {
    if is_simulated(descriptor, "") {
        let result = outside(|| net::control(descriptor, command, argument as c_int));
        return finish(result.map(|value| value as usize)) as c_int;
    }
    type Control = unsafe extern "C" fn(c_int, c_int, usize) -> c_int;
    // SAFETY: the caller's call.
    unsafe { real!(fcntl: Control, descriptor, command, argument) }
}

/// Variadic, like `fcntl`.
unsafe extern "C" fn on_ioctl(
    descriptor: c_int,
    request: u64,
    argument: *mut c_int,
    _: u64,
    _: u64,
    _: *const CallFrame,
) -> c_int {
    if is_simulated(descriptor, "") {
        if request != libc::FIONBIO {
            outside(|| refused("ioctl"));
            return finish(Err(libc::ENOTTY)) as c_int;
        }
        // SAFETY: the caller passes a flag with this request.
        let is_on = unsafe { *argument } != 0;
        return finish(outside(|| net::set_nonblocking(descriptor, is_on).map(|()| 0))) as c_int;
    }
    type Control = unsafe extern "C" fn(c_int, u64, *mut c_int) -> c_int;
    // SAFETY: the caller's call.
    unsafe { real!(ioctl: Control, descriptor, request, argument) }
}

unsafe extern "C" fn on_poll(
    all: *mut libc::pollfd,
    count: libc::nfds_t,
    milliseconds: c_int,
    _: u64,
    _: u64,
    frame: *const CallFrame,
) -> c_int {
    if in_task() {
        // SAFETY: the caller passes so many descriptors.
        let descriptors = unsafe { slice::from_raw_parts_mut(all, count as usize) };
        if let [only] = descriptors
            && net::is_virtual(only.fd)
        {
            let selects = |event| only.events & event != 0;
            let (reads, writes) = (selects(libc::POLLIN), selects(libc::POLLOUT));
            let polled = outside(|| net::poll(only.fd, reads, writes, milliseconds, frame));
            return finish(polled.map(|is_readable| {
                only.revents = if writes { libc::POLLOUT } else { 0 };
                only.revents |= if is_readable { libc::POLLIN } else { 0 };
                usize::from(only.revents != 0)
            })) as c_int;
        }
        outside(|| refused("poll"));
        if descriptors.iter().any(|its| net::is_virtual(its.fd)) {
            return finish(Err(libc::EINVAL)) as c_int;
        }
    }
    type Poll = unsafe extern "C" fn(*mut libc::pollfd, libc::nfds_t, c_int) -> c_int;
    // SAFETY: the caller's call.
    unsafe { real!(poll: Poll, all, count, milliseconds) }
}

unsafe extern "C" fn on_eventfd(
    initial: c_uint,
    flags: c_int,
    _: u64,
    _: u64,
    _: u64,
    frame: *const CallFrame,
) -> c_int {
    if in_task() {
        return finish(outside(|| net::counter(initial, flags, frame).map(|it| it as usize))) as c_int;
    }
    // SAFETY: the caller's call.
    unsafe { real!(eventfd: unsafe extern "C" fn(c_uint, c_int) -> c_int, initial, flags) }
}

unsafe extern "C" fn on_epoll_create1(
    flags: c_int,
    _: u64,
    _: u64,
    _: u64,
    _: u64,
    _: *const CallFrame,
) -> c_int {
    if in_task() {
        return finish(outside(|| net::create_epoll().map(|it| it as usize))) as c_int;
    }
    // SAFETY: the caller's call.
    unsafe { real!(epoll_create1: unsafe extern "C" fn(c_int) -> c_int, flags) }
}

unsafe extern "C" fn on_epoll_ctl(
    epoll: c_int,
    operation: c_int,
    descriptor: c_int,
    event: *mut libc::epoll_event,
    _: u64,
    frame: *const CallFrame,
) -> c_int {
    if is_simulated(epoll, "epoll_ctl") {
        let (flags, data) = match event.is_null() {
            true => (0, 0),
            // SAFETY: the caller passes an event.
            false => unsafe { ((*event).events, (*event).u64) },
        };
        let register = || net::register(epoll, operation, descriptor, flags, data, frame);
        return finish(outside(register).map(|()| 0)) as c_int;
    }
    type Control = unsafe extern "C" fn(c_int, c_int, c_int, *mut libc::epoll_event) -> c_int;
    // SAFETY: the caller's call.
    unsafe { real!(epoll_ctl: Control, epoll, operation, descriptor, event) }
}

unsafe extern "C" fn on_epoll_wait(
    epoll: c_int,
    to: *mut libc::epoll_event,
    most: c_int,
    milliseconds: c_int,
    _: u64,
    frame: *const CallFrame,
) -> c_int {
    if is_simulated(epoll, "epoll_wait") {
        return finish(outside(|| {
            let events = net::wait_for_epoll(epoll, most.max(0) as usize, milliseconds, frame)?;
            for (nth, event) in events.iter().enumerate() {
                let event = libc::epoll_event { events: event.flags, u64: event.data };
                // SAFETY: the caller passes room for `most` events.
                unsafe { to.add(nth).write(event) };
            }
            Ok(events.len())
        })) as c_int;
    }
    type Wait = unsafe extern "C" fn(c_int, *mut libc::epoll_event, c_int, c_int) -> c_int;
    // SAFETY: the caller's call.
    unsafe { real!(epoll_wait: Wait, epoll, to, most, milliseconds) }
}

framed! {
    fcntl => on_fcntl;
    ioctl => on_ioctl;
    poll => on_poll;
    eventfd => on_eventfd;
    epoll_create1 => on_epoll_create1;
    epoll_ctl => on_epoll_ctl;
    epoll_wait => on_epoll_wait;
}
