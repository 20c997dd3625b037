//! Host names of libc: a task finds those at which a server is declared.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;

use crate::fs::{self, in_task};
use crate::net;
use crate::outside::outside;
use crate::real::real;
use crate::region;
use crate::site::CallFrame;
use crate::tsan::framed;

/// The result of a look-up in the simulated network: an address after its description.
#[repr(C)]
struct Found {
    info: libc::addrinfo,
    address: [u8; 32],
}

unsafe extern "C" fn on_getaddrinfo(
    host: *const c_char,
    service: *const c_char,
    hints: *const libc::addrinfo,
    to: *mut *mut libc::addrinfo,
    _: u64,
    _: *const CallFrame,
) -> c_int {
    if !in_task() {
        type Get = unsafe extern "C" fn(
            *const c_char,
            *const c_char,
            *const libc::addrinfo,
            *mut *mut libc::addrinfo,
        ) -> c_int;
        // SAFETY: the caller's call.
        return unsafe { real!(getaddrinfo: Get, host, service, hints, to) };
    }
    // SAFETY: the caller passes texts, or null.
    let text = |text: *const c_char| match text.is_null() {
        true => String::new(),
        // SAFETY: as above.
        false => unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned(),
    };
    let address = outside(|| net::resolve(&text(host), text(service).parse().unwrap_or(0)));
    let Some(bytes) = address else { return libc::EAI_NONAME };
    let task = region::task_of(fs::get());
    let found: *mut Found = region::allocate(task, size_of::<Found>(), align_of::<Found>()).cast();
    if found.is_null() {
        return libc::EAI_MEMORY;
    }
    let mut address = [0; 32];
    address[..bytes.len()].copy_from_slice(&bytes);
    let family = c_int::from(u16::from_ne_bytes([bytes[0], bytes[1]]));
    // SAFETY: a new block of this type, and the caller's place for the result.
    unsafe {
        found.write(Found {
            info: libc::addrinfo {
                ai_flags: 0,
                ai_family: family,
                ai_socktype: libc::SOCK_STREAM,
                ai_protocol: libc::IPPROTO_TCP,
                ai_addrlen: bytes.len() as libc::socklen_t,
                ai_addr: (&raw mut (*found).address).cast(),
                ai_canonname: ptr::null_mut(),
                ai_next: ptr::null_mut(),
            },
            address,
        });
        *to = &raw mut (*found).info;
    }
    0
}

unsafe extern "C" fn on_freeaddrinfo(
    info: *mut libc::addrinfo,
    _: u64,
    _: u64,
    _: u64,
    _: u64,
    _: *const CallFrame,
) {
    if !region::contains(info as usize) {
        // SAFETY: the caller's call.
        unsafe { real!(freeaddrinfo: unsafe extern "C" fn(*mut libc::addrinfo), info) }
    }
}

framed! {
    getaddrinfo => on_getaddrinfo;
    freeaddrinfo => on_freeaddrinfo;
}
