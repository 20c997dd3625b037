//! The functions of libc that this library replaces.

use std::ffi::CStr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A function of libc that is looked up at its first use.
pub(crate) struct Real {
    name: &'static CStr,
    address: AtomicUsize,
}

impl Real {
    pub(crate) const fn new(name: &'static CStr) -> Self {
        Real { name, address: AtomicUsize::new(0) }
    }

    /// The address of the function.
    pub(crate) fn address(&self) -> usize {
        match self.address.load(Relaxed) {
            0 => {
                // SAFETY: the name ends with a zero byte.
                let found = unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr()) } as usize;
                assert!(found != 0, "libc has no function {:?}", self.name);
                self.address.store(found, Relaxed);
                found
            }
            known => known,
        }
    }
}

/// Calls the replaced function of libc with the same arguments.
///
/// # Safety
///
/// As for the function; the type must be its type.
macro_rules! real {
    ($name:ident: $type:ty, $($argument:expr),*) => {{
        static REAL: $crate::real::Real = $crate::real::Real::new(
            match std::ffi::CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                Ok(name) => name,
                Err(_) => unreachable!(),
            });
        std::mem::transmute::<usize, $type>(REAL.address())($($argument),*)
    }};
}
pub(crate) use real;

/// A system call, without libc.
///
/// # Safety
///
/// As for the system call.
pub(crate) unsafe fn system_call(number: i64, arguments: [usize; 6]) -> isize {
    let result: isize;
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: the calling convention of Linux on x86-64; the caller's promise.
    unsafe {
        std::arch::asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    result
}
