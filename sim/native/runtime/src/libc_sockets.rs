//! Sockets of libc: those that a task creates belong to the [simulated network](crate::net). Calls
//! on other descriptors are forwarded to libc, and recorded.

use std::ffi::{c_int, c_void};
use std::{ptr, slice};

use crate::effects;
use crate::fs::in_task;
use crate::libc_results::{finish, is_simulated, refused};
use crate::net;
use crate::outside::outside;
use crate::real::real;
use crate::site::CallFrame;
use crate::tsan::framed;

unsafe extern "C" fn on_read(
    descriptor: c_int,
    to: *mut c_void,
    size: usize,
    _: u64,
    _: u64,
    frame: *const CallFrame,
) -> isize {
    if is_simulated(descriptor, "read") {
        // SAFETY: the caller's call.
        return unsafe { receive_into(descriptor, to, size, 0, frame) };
    }
    type Read = unsafe extern "C" fn(c_int, *mut c_void, usize) -> isize;
    // SAFETY: the caller's call.
    unsafe { real!(read: Read, descriptor, to, size) }
}

unsafe extern "C" fn on_recv(
    descriptor: c_int,
    to: *mut c_void,
    size: usize,
    flags: c_int,
    _: u64,
    frame: *const CallFrame,
) -> isize {
    if is_simulated(descriptor, "recv") {
        // SAFETY: the caller's call.
        return unsafe { receive_into(descriptor, to, size, flags, frame) };
    }
    type Receive = unsafe extern "C" fn(c_int, *mut c_void, usize, c_int) -> isize;
    // SAFETY: the caller's call.
    unsafe { real!(recv: Receive, descriptor, to, size, flags) }
}

/// Reads into the caller's memory.
///
/// # Safety
///
/// `to` must have room for `size` bytes.
unsafe fn receive_into(
    descriptor: c_int,
    to: *mut c_void,
    size: usize,
    flags: c_int,
    frame: *const CallFrame,
) -> isize {
    let (peeks, waits) = (flags & libc::MSG_PEEK != 0, flags & libc::MSG_DONTWAIT == 0);
    finish(outside(|| {
        let bytes = net::read(descriptor, size, peeks, waits, frame)?;
        // SAFETY: the caller's promise; `read` returns at most `size` bytes.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to.cast(), bytes.len()) };
        Ok(bytes.len())
    }))
}

unsafe extern "C" fn on_readv(
    descriptor: c_int,
    parts: *const libc::iovec,
    count: c_int,
    _: u64,
    _: u64,
    frame: *const CallFrame,
) -> isize {
    if is_simulated(descriptor, "readv") {
        // SAFETY: the caller passes so many parts.
        let parts = unsafe { slice::from_raw_parts(parts, count.max(0) as usize) };
        let Some(first) = parts.iter().find(|part| part.iov_len > 0) else { return 0 };
        // A read may fill less than all parts.
        // SAFETY: the caller's part.
        return unsafe { receive_into(descriptor, first.iov_base, first.iov_len, 0, frame) };
    }
    type Read = unsafe extern "C" fn(c_int, *const libc::iovec, c_int) -> isize;
    // SAFETY: the caller's call.
    unsafe { real!(readv: Read, descriptor, parts, count) }
}

unsafe extern "C" fn on_write(
    descriptor: c_int,
    from: *const c_void,
    size: usize,
    _: u64,
    _: u64,
    frame: *const CallFrame,
) -> isize {
    if in_task() && (descriptor == 1 || descriptor == 2) {
        outside(|| effects::unmodelled("output, which is not shown"));
        return size as isize;
    }
    if is_simulated(descriptor, "write") {
        // SAFETY: the caller's call.
        return unsafe { send_from(descriptor, from, size, frame) };
    }
    type Write = unsafe extern "C" fn(c_int, *const c_void, usize) -> isize;
    // SAFETY: the caller's call.
    unsafe { real!(write: Write, descriptor, from, size) }
}

unsafe extern "C" fn on_send(
    descriptor: c_int,
    from: *const c_void,
    size: usize,
    flags: c_int,
    _: u64,
    frame: *const CallFrame,
) -> isize {
    if is_simulated(descriptor, "send") {
        // SAFETY: the caller's call.
        return unsafe { send_from(descriptor, from, size, frame) };
    }
    type Send = unsafe extern "C" fn(c_int, *const c_void, usize, c_int) -> isize;
    // SAFETY: the caller's call.
    unsafe { real!(send: Send, descriptor, from, size, flags) }
}

/// Writes from the caller's memory.
///
/// # Safety
///
/// `from` must contain `size` bytes.
unsafe fn send_from(descriptor: c_int, from: *const c_void, size: usize, frame: *const CallFrame) -> isize {
    finish(outside(|| {
        let bytes = match size {
            0 => Vec::new(),
            // SAFETY: the caller's promise.
            _ => unsafe { slice::from_raw_parts(from.cast::<u8>(), size) }.to_vec(),
        };
        net::write(descriptor, bytes, frame)
    }))
}

unsafe extern "C" fn on_writev(
    descriptor: c_int,
    parts: *const libc::iovec,
    count: c_int,
    _: u64,
    _: u64,
    frame: *const CallFrame,
) -> isize {
    if is_simulated(descriptor, "writev") {
        return finish(outside(|| {
            // SAFETY: the caller passes so many parts.
            let parts = unsafe { slice::from_raw_parts(parts, count.max(0) as usize) };
            let mut bytes = Vec::new();
            for part in parts.iter().filter(|part| part.iov_len > 0) {
                // SAFETY: the caller's part.
                bytes.extend(unsafe { slice::from_raw_parts(part.iov_base.cast::<u8>(), part.iov_len) });
            }
            net::write(descriptor, bytes, frame)
        }));
    }
    type Write = unsafe extern "C" fn(c_int, *const libc::iovec, c_int) -> isize;
    // SAFETY: the caller's call.
    unsafe { real!(writev: Write, descriptor, parts, count) }
}

unsafe extern "C" fn on_close(
    descriptor: c_int,
    _: u64,
    _: u64,
    _: u64,
    _: u64,
    frame: *const CallFrame,
) -> c_int {
    if is_simulated(descriptor, "") {
        return finish(outside(|| net::close(descriptor, frame).map(|()| 0))) as c_int;
    }
    // SAFETY: the caller's call.
    unsafe { real!(close: unsafe extern "C" fn(c_int) -> c_int, descriptor) }
}

unsafe extern "C" fn on_socket(
    domain: c_int,
    kind: c_int,
    protocol: c_int,
    _: u64,
    _: u64,
    _: *const CallFrame,
) -> c_int {
    if in_task() {
        if let Some(descriptor) = outside(|| net::socket(domain, kind)) {
            return descriptor;
        }
        outside(|| {
            effects::incomplete(format!(
                "the program creates a socket of domain {domain} and type {kind}, which is not modelled"
            ));
        });
    }
    type Socket = unsafe extern "C" fn(c_int, c_int, c_int) -> c_int;
    // SAFETY: the caller's call.
    unsafe { real!(socket: Socket, domain, kind, protocol) }
}

unsafe extern "C" fn on_socketpair(
    domain: c_int,
    kind: c_int,
    protocol: c_int,
    to: *mut c_int,
    _: u64,
    _: *const CallFrame,
) -> c_int {
    if in_task() {
        if let Some(pair) = outside(|| net::socket_pair(domain, kind)) {
            // SAFETY: the caller passes room for two descriptors.
            unsafe { to.cast::<[c_int; 2]>().write(pair) };
            return 0;
        }
        outside(|| refused("socketpair"));
    }
    type Pair = unsafe extern "C" fn(c_int, c_int, c_int, *mut c_int) -> c_int;
    // SAFETY: the caller's call.
    unsafe { real!(socketpair: Pair, domain, kind, protocol, to) }
}

unsafe extern "C" fn on_connect(
    descriptor: c_int,
    to: *const libc::sockaddr,
    size: libc::socklen_t,
    _: u64,
    _: u64,
    _: *const CallFrame,
) -> c_int {
    if is_simulated(descriptor, "connect") {
        // SAFETY: the caller passes an address of this size.
        let to = unsafe { slice::from_raw_parts(to.cast::<u8>(), size as usize) };
        return finish(outside(|| net::connect(descriptor, to).map(|()| 0))) as c_int;
    }
    type Connect = unsafe extern "C" fn(c_int, *const libc::sockaddr, libc::socklen_t) -> c_int;
    // SAFETY: the caller's call.
    unsafe { real!(connect: Connect, descriptor, to, size) }
}

unsafe extern "C" fn on_shutdown(
    descriptor: c_int,
    how: c_int,
    _: u64,
    _: u64,
    _: u64,
    frame: *const CallFrame,
) -> c_int {
    if is_simulated(descriptor, "shutdown") {
        return finish(outside(|| net::shutdown(descriptor, how, frame).map(|()| 0))) as c_int;
    }
    // SAFETY: the caller's call.
    unsafe { real!(shutdown: unsafe extern "C" fn(c_int, c_int) -> c_int, descriptor, how) }
}

unsafe extern "C" fn on_setsockopt(
    descriptor: c_int,
    level: c_int,
    name: c_int,
    value: *const c_void,
    size: libc::socklen_t,
    _: *const CallFrame,
) -> c_int {
    if is_simulated(descriptor, "setsockopt") {
        // SAFETY: the caller passes a value of this size.
        let value = unsafe { slice::from_raw_parts(value.cast::<u8>(), size as usize) };
        return finish(outside(|| net::set_option(descriptor, level, name, value).map(|()| 0))) as c_int;
    }
    type Set = unsafe extern "C" fn(c_int, c_int, c_int, *const c_void, libc::socklen_t) -> c_int;
    // SAFETY: the caller's call.
    unsafe { real!(setsockopt: Set, descriptor, level, name, value, size) }
}

/// Writes bytes to the caller's memory, as far as there is room, and their number to `size`.
///
/// # Safety
///
/// `to` must have room for `size` bytes.
unsafe fn give(bytes: &[u8], to: *mut c_void, size: *mut libc::socklen_t) {
    // SAFETY: the caller's promise.
    unsafe {
        ptr::copy_nonoverlapping(bytes.as_ptr(), to.cast(), bytes.len().min(*size as usize));
        *size = bytes.len() as libc::socklen_t;
    }
}

unsafe extern "C" fn on_getsockopt(
    descriptor: c_int,
    level: c_int,
    name: c_int,
    to: *mut c_void,
    size: *mut libc::socklen_t,
    _: *const CallFrame,
) -> c_int {
    if is_simulated(descriptor, "getsockopt") {
        return finish(outside(|| {
            let value = net::get_option(descriptor, level, name)?;
            // SAFETY: the caller's call.
            unsafe { give(&value, to, size) };
            Ok(0)
        })) as c_int;
    }
    type Get = unsafe extern "C" fn(c_int, c_int, c_int, *mut c_void, *mut libc::socklen_t) -> c_int;
    // SAFETY: the caller's call.
    unsafe { real!(getsockopt: Get, descriptor, level, name, to, size) }
}

type Name = unsafe extern "C" fn(c_int, *mut libc::sockaddr, *mut libc::socklen_t) -> c_int;

/// Writes the address of a simulated socket or of its peer.
///
/// # Safety
///
/// As for [`give`].
unsafe fn give_name(
    descriptor: c_int,
    own: bool,
    to: *mut libc::sockaddr,
    size: *mut libc::socklen_t,
) -> c_int {
    finish(outside(|| {
        let name = net::name(descriptor, own)?;
        // SAFETY: the caller's promise.
        unsafe { give(&name, to.cast(), size) };
        Ok(0)
    })) as c_int
}

unsafe extern "C" fn on_getpeername(
    descriptor: c_int,
    to: *mut libc::sockaddr,
    size: *mut libc::socklen_t,
    _: u64,
    _: u64,
    _: *const CallFrame,
) -> c_int {
    if is_simulated(descriptor, "getpeername") {
        // SAFETY: the caller's call.
        return unsafe { give_name(descriptor, false, to, size) };
    }
    // SAFETY: the caller's call.
    unsafe { real!(getpeername: Name, descriptor, to, size) }
}

unsafe extern "C" fn on_getsockname(
    descriptor: c_int,
    to: *mut libc::sockaddr,
    size: *mut libc::socklen_t,
    _: u64,
    _: u64,
    _: *const CallFrame,
) -> c_int {
    if is_simulated(descriptor, "getsockname") {
        // SAFETY: the caller's call.
        return unsafe { give_name(descriptor, true, to, size) };
    }
    // SAFETY: the caller's call.
    unsafe { real!(getsockname: Name, descriptor, to, size) }
}

framed! {
    read => on_read;
    readv => on_readv;
    recv => on_recv;
    write => on_write;
    writev => on_writev;
    send => on_send;
    close => on_close;
    socket => on_socket;
    socketpair => on_socketpair;
    connect => on_connect;
    shutdown => on_shutdown;
    setsockopt => on_setsockopt;
    getsockopt => on_getsockopt;
    getpeername => on_getpeername;
    getsockname => on_getsockname;
}
